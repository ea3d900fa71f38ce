import type { SqlAnswer } from './answer.ts';
import type { BoundStatement } from './statement/bind-statement.ts';

/** How much an answer may be. */
export interface AnswerLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** What the database itself is told to end a statement after. */
  readonly timeoutMs: number;
}

/** One connection to a database, which asks one question at a time and leaves nothing behind in it. */
export interface SqlConnection {
  /** Whether it can still be asked. */
  readonly usable: boolean;
  /**
   * Asks within a transaction that may only read and is rolled back.
   *
   * @param signal the connection is of no use after it aborts
   * @throws TidewallError source_error in a sentence that names the database, and no secret
   */
  ask(statement: BoundStatement, signal: AbortSignal): Promise<SqlAnswer>;
  /** Ends it at once. Closing twice is closing once. */
  close(): void;
}

/** A database that can be asked. */
export interface SqlDatabase {
  /** As sentences name it. */
  readonly name: string;
  /** @throws TidewallError source_error in a sentence that names the database, and no secret */
  connect(signal: AbortSignal): Promise<SqlConnection>;
}
