import type { Connection, FieldDef, Submittable } from 'pg';

/** Why an answer was not taken to its end. */
export type QuestionLimit = 'rows' | 'copy';

/** A row description and rows, as PostgreSQL sends them: texts. */
export interface PostgresRows {
  readonly fields: readonly FieldDef[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Somebody who is told that a limit was reached; the rest of the answer is not wanted. */
type OnLimit = (limit: QuestionLimit) => void;

/**
 * One statement in the extended protocol, which by its nature takes one statement and no more, and whose values go apart
 * from its text. It is all sent at once, and answered in one go.
 */
export class PostgresQuestion implements Submittable {
  /** Resolves with the answer when the server is ready for the next question. */
  readonly answer: Promise<PostgresRows>;
  readonly #text: string;
  readonly #values: readonly (string | null)[];
  readonly #maxRows: number;
  readonly #onLimit: OnLimit;
  readonly #rows: (string | null)[][] = [];
  #fields: readonly FieldDef[] = [];
  #resolve: (answer: PostgresRows) => void = () => {};
  #reject: (failure: unknown) => void = () => {};

  constructor(text: string, values: readonly (string | null)[], maxRows: number, onLimit: OnLimit) {
    this.#text = text;
    this.#values = values;
    this.#maxRows = maxRows;
    this.#onLimit = onLimit;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    connection.parse({ name: '', text: this.#text, types: [] }, true);
    connection.bind({ values: [...this.#values] }, true);
    connection.describe({ type: 'P', name: '' }, true);
    // No count: with one, PostgreSQL plans for a cursor and does not use its parallel workers.
    connection.execute(null, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription(message: { readonly fields: readonly FieldDef[] }): void {
    this.#fields = message.fields;
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    if (this.#rows.length < this.#maxRows) this.#rows.push([...message.fields]);
    else this.#onLimit('rows');
  }

  handleReadyForQuery(): void {
    this.#resolve({ fields: this.#fields, rows: this.#rows });
  }

  handleError(failure: unknown): void {
    this.#reject(failure);
  }

  handleCommandComplete(): void {}

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  /** Never asked for: what copies in or out of the server is no question. */
  handleCopyInResponse(): void {
    this.#onLimit('copy');
  }

  handleCopyData(): void {
    this.#onLimit('copy');
  }
}
