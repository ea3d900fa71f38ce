import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { Outgoing } from '@tidewall/contracts';
import type { TidewallError } from '@tidewall/protocol';
import type { SqlAnswer, SqlColumn } from '../answer.ts';
import type { ServerAddress } from '../server-address.ts';
import type { AnswerLimits, SqlConnection, SqlDatabase } from '../sql-connection.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';
import type { BoundStatement } from '../statement/bind-statement.ts';
import { clickhouseCode, clickhouseFailure } from './clickhouse-failure.ts';
import { escapeParameter } from './escape-parameter.ts';
import { readerOfClickhouse } from './read-clickhouse.ts';

export interface ClickhouseOptions {
  readonly address: ServerAddress;
  readonly limits: AnswerLimits;
  readonly outgoing: Outgoing;
}

/** What a server says that does not take settings: UNKNOWN_SETTING, READONLY, SETTING_CONSTRAINT_VIOLATION. */
const NO_SETTINGS = [115, 164, 452];
/** A query ends when nobody waits for it; not known to every version. */
const CANCEL = { cancel_http_readonly_queries_on_client_close: '1' };
/** `readonly` is '0' for those who may write. */
const GREETING = "SELECT timezone() AS zone, (SELECT value FROM system.settings WHERE name = 'readonly') AS readonly";

/** Of the request, not of the query; an error in the middle of an answer is one from its beginning. */
const OF_HTTP = { default_format: 'JSONCompact', wait_end_of_query: '1' };

/** A ClickHouse server, asked over HTTP: each question is a request of its own. */
export class ClickhouseDatabase implements SqlDatabase {
  readonly #options: ClickhouseOptions;

  constructor(options: ClickhouseOptions) {
    this.#options = options;
  }

  get name(): string {
    return nameOf(this.#options.address);
  }

  async connect(signal: AbortSignal): Promise<SqlConnection> {
    const connection = new ClickhouseConnection(this.#options);
    await connection.greet(signal);
    return connection;
  }
}

class ClickhouseConnection implements SqlConnection {
  readonly usable = true;
  readonly #options: ClickhouseOptions;
  readonly #place: Place;
  /** The zone of the server, in which it writes the times of columns that name none. */
  #zone = 'UTC';
  #settings: Readonly<Record<string, string>> = {};

  constructor(options: ClickhouseOptions) {
    const { password } = options.address;
    this.#options = options;
    this.#place = { name: nameOf(options.address), secrets: [password, encodeURIComponent(password)] };
  }

  /** Finds out the zone of the server, and with which of our settings its user can be asked without being able to write. */
  async greet(signal: AbortSignal): Promise<void> {
    const ours = settingsOf(this.#options.limits);
    for (const settings of [{ ...ours, ...CANCEL }, ours, { readonly: '1' }, {}]) {
      this.#settings = settings;
      const { status, text } = await this.#request({ text: GREETING, values: [], names: [] }, signal);
      // Who may not set these is held to what the profile of the user says.
      if (status !== 200 && NO_SETTINGS.includes(clickhouseCode(text) ?? 0)) continue;
      const { rows } = this.#answerOf(status, text);
      const [zone, readonly] = rows[0] ?? [];
      if (readonly === '0') break;
      this.#zone = ['Etc/UTC', 'Zulu', ''].includes(String(zone ?? '')) ? 'UTC' : String(zone);
      return;
    }
    const { user } = this.#options.address;
    throw sqlFailure(this.#place, `does not let ${user} be asked read-only: give the user readonly = 1 (user)`);
  }

  async ask(statement: BoundStatement, signal: AbortSignal): Promise<SqlAnswer> {
    const { status, text } = await this.#request(statement, signal);
    return this.#answerOf(status, text);
  }

  close(): void {}

  async #request(statement: BoundStatement, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { address, limits, outgoing } = this.#options;
    const { host, port, user, password, database, tls } = address;
    const url = new URL(
      `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    );
    for (const [name, value] of Object.entries({ ...OF_HTTP, ...this.#settings })) url.searchParams.set(name, value);
    if (database !== '') url.searchParams.set('database', database);
    for (const [place, name] of statement.names.entries()) {
      url.searchParams.set(`param_${name}`, escapeParameter(statement.values[place] ?? null));
    }
    const login = Buffer.from(`${user}:${password}`).toString('base64');
    try {
      const response = await outgoing.request(url, {
        method: 'POST',
        headers: { authorization: `Basic ${login}`, 'content-type': 'text/plain; charset=utf-8' },
        body: statement.text,
        signal,
        timeoutMs: limits.timeoutMs,
        maxBytes: limits.maxBytes,
        // What a question leads to is no database.
        maxRedirects: 0,
        ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
        insecure: tls?.insecure ?? false,
      });
      return { status: response.status, text: await response.text() };
    } catch (failure) {
      signal.throwIfAborted();
      throw this.#networkFailure(failure);
    }
  }

  #networkFailure(failure: unknown): TidewallError {
    if (/longer than \d+ bytes/.test((failure as Error).message)) {
      const most = `${this.#options.limits.maxBytes} bytes (maxBytes)`;
      return sqlFailure(this.#place, `answers with more than ${most}: ask for fewer rows or columns`);
    }
    const words = (failure as Error).message;
    const { host, port } = this.#options.address;
    const begin = `${host}:${port} `;
    return sqlFailure(this.#place, words.startsWith(begin) ? words.slice(begin.length) : `cannot be asked: ${words}`);
  }

  #answerOf(status: number, text: string): SqlAnswer {
    const { address, limits } = this.#options;
    const { maxRows, timeoutMs } = limits;
    if (status !== 200) throw clickhouseFailure(this.#place, status, text, address, timeoutMs);
    const { meta, data } = this.#parse(text);
    if (data.length > maxRows) {
      throw sqlFailure(this.#place, `answers with more than ${maxRows} rows (maxRows): ask for less, as with LIMIT`);
    }
    const columns = meta.map((column): SqlColumn => {
      const type = String(column['type']);
      return { name: String(column['name']), type, read: readerOfClickhouse(type, this.#zone) };
    });
    return { columns, rows: data };
  }

  #parse(text: string): { meta: readonly JsonObject[]; data: readonly JsonValue[][] } {
    let answer: JsonValue = null;
    try {
      answer = text.trim() === '' ? { meta: [], data: [] } : parseJson(text);
    } catch {
      // Said below.
    }
    const { meta, data } = isJsonObject(answer) ? answer : {};
    const isMeta = Array.isArray(meta) && meta.every(isJsonObject);
    if (isMeta && Array.isArray(data) && data.every(Array.isArray))
      return { meta: meta as JsonObject[], data: data as JsonValue[][] };
    throw sqlFailure(this.#place, 'answers something that is not JSONCompact: leave FORMAT out of the query');
  }
}

function settingsOf({ maxRows, timeoutMs }: AnswerLimits): Record<string, string> {
  return {
    readonly: '1',
    max_execution_time: String(Math.ceil(timeoutMs / 1000)),
    max_result_rows: String(maxRows + 1),
    result_overflow_mode: 'break',
    output_format_json_quote_64bit_integers: '1',
    output_format_json_quote_denormals: '1',
  };
}

function nameOf({ host, port }: ServerAddress): string {
  return `ClickHouse at ${host}:${port}`;
}
