import type { Outgoing } from '@tidewall/contracts';
import type { Client } from 'pg';
import type { SqlAnswer } from '../answer.ts';
import type { ByteMeter } from '../byte-meter.ts';
import type { ServerAddress } from '../server-address.ts';
import type { AnswerLimits, SqlConnection } from '../sql-connection.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';
import type { BoundStatement } from '../statement/bind-statement.ts';
import type { BoundValue } from '../statement/given-parameter.ts';
import { isOffset, TimeZone } from '../values/time-zone.ts';
import { cancelStatement } from './cancel-statement.ts';
import { postgresFailure } from './postgres-failure.ts';
import { PostgresQuestion, type QuestionLimit } from './postgres-question.ts';
import { readerOfPostgres } from './read-postgres.ts';

export interface PostgresConnectionOptions {
  readonly client: Client;
  readonly meter: ByteMeter;
  readonly limits: AnswerLimits;
  readonly zone: string;
  readonly address: ServerAddress;
  readonly outgoing: Outgoing;
  readonly place: Place;
}

/** A transaction that waits for us may be ended so long after its statement. */
const IDLE_MS = 5_000;
/** What Terminate looks like on the wire. */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

/** One session of a PostgreSQL server. */
export class PostgresConnection implements SqlConnection {
  readonly #options: PostgresConnectionOptions;
  readonly #zone: TimeZone;
  readonly #begin: string;
  #usable = true;

  constructor(options: PostgresConnectionOptions) {
    this.#options = options;
    this.#zone = new TimeZone(options.zone);
    this.#begin = beginning(options.limits, options.zone);
    const lose = () => {
      this.#usable = false;
    };
    options.client.once('error', lose);
    options.client.once('end', lose);
  }

  get usable(): boolean {
    return this.#usable;
  }

  async ask(statement: BoundStatement, signal: AbortSignal): Promise<SqlAnswer> {
    const { client, meter, place, address, limits } = this.#options;
    const stop = () => this.#stop();
    let limit: QuestionLimit | undefined;
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      meter.restart();
      await client.query(this.#begin);
      const question = new PostgresQuestion(statement.text, statement.values.map(textOf), limits.maxRows, (reached) => {
        if (limit !== undefined) return;
        limit = reached;
        this.#stop();
      });
      client.query(question);
      const { fields, rows } = await question.answer;
      // It may have come to its end before the connection did.
      if (limit !== undefined) throw new Error(limit);
      await this.#forget();
      const columns = fields.map(({ name, dataTypeID }) => ({ name, read: readerOfPostgres(dataTypeID, this.#zone) }));
      return { columns, rows };
    } catch (failure) {
      signal.throwIfAborted();
      if (limit === 'copy') throw sqlFailure(place, 'does not copy for a query: begin it with SELECT (query)');
      if (limit === 'rows') {
        throw sqlFailure(place, `answers with more than ${limits.maxRows} rows (maxRows): ask for less, as with LIMIT`);
      }
      if (meter.exceeded) {
        const most = `${limits.maxBytes} bytes (maxBytes)`;
        throw sqlFailure(place, `answers with more than ${most}: ask for fewer rows or columns`);
      }
      if (this.#usable) await this.#forget();
      throw postgresFailure(place, failure, { address, statement: statement.text, timeoutMs: limits.timeoutMs });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#usable = false;
    const { stream } = this.#options.client.connection;
    if (stream.destroyed) return;
    stream.end(TERMINATE);
    // When it is written, or after a while: nobody waits for the server's own end.
    (stream as { destroySoon?(): void }).destroySoon?.();
  }

  /** Whatever the statement did within the transaction is undone, and what it locked beside it is open again. */
  async #forget(): Promise<void> {
    try {
      await this.#options.client.query('ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()');
    } catch {
      // Another server that speaks like PostgreSQL, or a broken one: the session ends, and its transaction with it.
      this.close();
    }
  }

  /** In the middle of an answer there is no other end; the server is told, since it would work on for nobody. */
  #stop(): void {
    const { client, address, outgoing } = this.#options;
    if (!this.#usable) return;
    this.#usable = false;
    cancelStatement(client, address, outgoing);
    client.connection.stream.destroy();
  }
}

/** All settings are of this transaction: nothing stays, also where connections are shared by a pool between. */
function beginning({ timeoutMs }: AnswerLimits, zone: string): string {
  const timeZone = isOffset(zone) ? `INTERVAL '${zone}' HOUR TO MINUTE` : `'${zone}'`;
  return [
    'BEGIN READ ONLY',
    `SET LOCAL statement_timeout = ${timeoutMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs + IDLE_MS}`,
    `SET LOCAL TIME ZONE ${timeZone}`,
    "SET LOCAL DateStyle = 'ISO, YMD'",
    'SET LOCAL IntervalStyle = iso_8601',
    'SET LOCAL bytea_output = hex',
    // What tells quoted from unquoted text, as we read statements too.
    'SET LOCAL standard_conforming_strings = on',
  ].join('; ');
}

function textOf(value: BoundValue): string | null {
  return value === null ? null : String(value);
}
