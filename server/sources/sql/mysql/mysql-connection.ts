import type { SqlAnswer, SqlColumn } from '../answer.ts';
import type { ServerAddress } from '../server-address.ts';
import type { AnswerLimits, SqlConnection } from '../sql-connection.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';
import type { BoundStatement } from '../statement/bind-statement.ts';
import { TimeZone } from '../values/time-zone.ts';
import { mysqlFailure } from './mysql-failure.ts';
import type { MysqlLink } from './mysql-link.ts';
import { type MysqlField, readerOfMysql, rebinderOfMysql } from './read-mysql.ts';

export interface MysqlConnectionOptions {
  readonly link: MysqlLink;
  readonly limits: AnswerLimits;
  readonly zone: string;
  /** Names of the modes that its statements are read by. */
  readonly modes: readonly string[];
  readonly isMariaDb: boolean;
  readonly address: ServerAddress;
  readonly place: Place;
}

/** One session of a MySQL or MariaDB server. */
export class MysqlConnection implements SqlConnection {
  readonly #options: MysqlConnectionOptions;
  readonly #zone: TimeZone;
  readonly #settings: string;

  constructor(options: MysqlConnectionOptions) {
    this.#options = options;
    this.#zone = new TimeZone(options.zone);
    this.#settings = settingsOf(options);
  }

  get usable(): boolean {
    return this.#options.link.usable;
  }

  async ask({ text, values }: BoundStatement, signal: AbortSignal): Promise<SqlAnswer> {
    const { link, limits, place, address } = this.#options;
    const { maxRows, maxBytes, timeoutMs } = limits;
    const rows: (readonly unknown[])[] = [];
    let tooMany = false;
    const stop = () => link.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      await link.run(this.#settings);
      // Of the session too: what commits by itself, as DROP TABLE does, would begin another one that may write.
      await link.run('SET SESSION TRANSACTION READ ONLY');
      await link.run('START TRANSACTION READ ONLY');
      const fields = await link.ask(text, values, (row) => {
        tooMany = rows.length >= maxRows;
        if (!tooMany) rows.push(row);
        return !tooMany;
      });
      if (tooMany) throw new Error('too many rows');
      await this.#forget();
      return { columns: fields.map((field) => this.#columnOf(field)), rows };
    } catch (failure) {
      signal.throwIfAborted();
      if (tooMany)
        throw sqlFailure(place, `answers with more than ${maxRows} rows (maxRows): ask for less, as with LIMIT`);
      if (link.exceeded) {
        throw sqlFailure(place, `answers with more than ${maxBytes} bytes (maxBytes): ask for fewer rows or columns`);
      }
      if (link.usable) await this.#forget();
      throw mysqlFailure(place, failure, { address, asked: true, timeoutMs });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#options.link.end();
  }

  #columnOf(field: MysqlField & { readonly name: string }): SqlColumn {
    const rebind = rebinderOfMysql(field);
    const column = { name: field.name, read: readerOfMysql(field, this.#zone) };
    return rebind === undefined ? column : { ...column, rebind };
  }

  /** The transaction is undone, and whatever else the statement left in the session: locks, variables. */
  async #forget(): Promise<void> {
    try {
      await this.#options.link.reset();
    } catch {
      this.#options.link.close();
    }
  }
}

function settingsOf({ limits, zone, modes, isMariaDb }: MysqlConnectionOptions): string {
  const { timeoutMs, maxRows } = limits;
  const timeLimit = isMariaDb ? `max_statement_time = ${timeoutMs / 1000}` : `max_execution_time = ${timeoutMs}`;
  return `SET SESSION ${[
    `sql_mode = '${modes.join(',')}'`,
    `time_zone = '${zone === 'UTC' ? '+00:00' : zone}'`,
    timeLimit,
    `sql_select_limit = ${maxRows + 1}`,
    `lock_wait_timeout = ${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
  ].join(', ')}`;
}
