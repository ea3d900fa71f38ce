import { stat } from 'node:fs/promises';
import type { Clock } from '@tidewall/base';
import { NO_SQLITE } from '@tidewall/disk';
import type { TidewallError } from '@tidewall/protocol';
import type { SqlAnswer } from '../sql/answer.ts';
import type { AnswerLimits, SqlConnection, SqlDatabase } from '../sql/sql-connection.ts';
import { sqlFailure } from '../sql/sql-failure.ts';
import type { BoundStatement } from '../sql/statement/bind-statement.ts';
import { NO_NUMBER } from '../sql/values/no-value.ts';
import { readFloat } from '../sql/values/read-number.ts';
import type { Read } from '../sql/values/read-value.ts';
import { Reader, type ReaderAnswer } from './reader.ts';

export interface SqliteOptions {
  /** Where the file is. @throws TidewallError source_error when it may not be read */
  resolve(): string;
  readonly limits: AnswerLimits;
  readonly clock: Clock;
}

/** A SQLite file. */
export class SqliteDatabase implements SqlDatabase {
  readonly #options: SqliteOptions;

  constructor(options: SqliteOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.resolve();
  }

  async connect(signal: AbortSignal): Promise<SqlConnection> {
    const path = this.#options.resolve();
    await refuseOthers(path);
    signal.throwIfAborted();
    return new SqliteConnection(path, this.#options);
  }
}

class SqliteConnection implements SqlConnection {
  readonly #path: string;
  readonly #limits: AnswerLimits;
  readonly #reader: Reader;

  constructor(path: string, { limits, clock }: SqliteOptions) {
    this.#path = path;
    this.#limits = limits;
    this.#reader = new Reader(clock);
  }

  get usable(): boolean {
    return this.#reader.usable;
  }

  async ask({ text, values }: BoundStatement, signal: AbortSignal): Promise<SqlAnswer> {
    const stop = () => this.#reader.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      await refuseOthers(this.#path);
      const { maxRows, maxBytes } = this.#limits;
      const bound = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
      const answer = await this.#reader.ask({ path: this.#path, text, values: bound, maxRows, maxBytes });
      signal.throwIfAborted();
      if ('failed' in answer) throw this.#failure(answer);
      return { columns: answer.columns.map((name) => ({ name, read: readSqlite })), rows: answer.rows };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#reader.close();
  }

  #failure(answer: Extract<ReaderAnswer, { failed: string }>): TidewallError {
    const { maxRows, maxBytes } = this.#limits;
    const place = { name: this.#path, secrets: [] };
    switch (answer.failed) {
      case 'library':
        return sqlFailure(place, `cannot be read: ${NO_SQLITE}`);
      case 'rows':
        return sqlFailure(place, `answers with more than ${maxRows} rows (maxRows): ask for less, as with LIMIT`);
      case 'bytes':
        return sqlFailure(place, `answers with more than ${maxBytes} bytes (maxBytes): ask for fewer rows or columns`);
      case 'memory':
        return sqlFailure(place, 'cannot answer the query within 1 GiB of memory: ask for less');
      case 'ended':
        return sqlFailure(place, 'cannot be read: what reads it was ended, mostly for want of memory');
      case 'sqlite':
        return sqlFailure(place, sentenceOf(answer.message));
    }
  }
}

/** What SQLite says, in other words where those are no help. */
function sentenceOf(message: string): string {
  if (/not authorized/i.test(message)) return `may only be read: ${message}`;
  if (/readonly database/i.test(message)) return `may only be read: ${message}`;
  if (/not a database/i.test(message)) return 'is no SQLite file';
  if (/database is locked/i.test(message)) return 'is locked by a program that writes to it; it is read again';
  return `cannot answer the query: ${message}`;
}

async function refuseOthers(path: string): Promise<void> {
  const place = { name: path, secrets: [] };
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw sqlFailure(place, 'is not there: there is no such file (path)');
  if (!found.isFile()) throw sqlFailure(place, 'is not a file (path)');
}

/** Whole numbers beyond 2^53 stay texts; bytes are hexadecimal digits. */
const readSqlite: Read = (raw) => {
  if (typeof raw === 'bigint') {
    const value = Number(raw);
    return Number.isSafeInteger(value) ? value : String(raw);
  }
  if (typeof raw === 'number') return readFloat(raw);
  if (raw instanceof Uint8Array) return `0x${Buffer.from(raw).toString('hex')}`;
  return typeof raw === 'string' ? raw : NO_NUMBER;
};
