import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError, type TopicName } from '@tidewall/protocol';
import type { Polling } from '@tidewall/request';
import { type Output, outputTopic } from '../output.ts';
import { poll } from '../polling.ts';
import type { SqlAnswer } from './answer.ts';
import { PublishedNews } from './published-news.ts';
import { CURSOR_PARAMETER, type QuerySettings } from './query-fields.ts';
import { columnAt, rowsOfAnswer } from './rows-of-answer.ts';
import type { SqlConnection, SqlDatabase } from './sql-connection.ts';
import { type BoundStatement, bindStatement } from './statement/bind-statement.ts';
import type { GivenParameter } from './statement/given-parameter.ts';
import { parseStatement, type Statement } from './statement/parse-statement.ts';
import type { SqlSyntax } from './statement/syntax.ts';
import { TimeZone } from './values/time-zone.ts';

export interface SqlSourceOptions {
  readonly settings: QuerySettings & Polling & Output & { readonly timezone: string };
  readonly context: SourceContext;
  readonly syntax: SqlSyntax;
  readonly database: SqlDatabase;
}

/** Asks a database one question again and again, by one connection, which is opened again when it is lost. */
export class SqlSource implements Source {
  readonly topics: Source['topics'];
  readonly #options: SqlSourceOptions;
  readonly #topic: TopicName;
  readonly #statement: Statement;
  readonly #zone: TimeZone;
  /** Outlives a run: what has been read is not read again. */
  #cursor: GivenParameter | undefined;
  #connection: SqlConnection | undefined;

  /** @throws TidewallError bad_request when the query names a parameter that there is none of */
  constructor(options: SqlSourceOptions) {
    const { settings, context, syntax } = options;
    this.#options = options;
    this.#statement = parseStatement(settings.query, syntax);
    this.#zone = new TimeZone(settings.timezone);
    this.#cursor = settings.cursor && { value: settings.cursor.start };
    this.topics = [outputTopic(settings, context)];
    this.#topic = this.topics[0]?.topic as TopicName;
    this.#refuseCursor();
    this.#bound();
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { settings: polling, context, database } = this.#options;
    try {
      await poll({ place: database.name, polling, context, sink, signal }, async (within, unhurried) => {
        const answer = await this.#ask(within);
        await this.#deliver(answer, unhurried, within);
      });
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      this.#connection?.close();
      this.#connection = undefined;
    }
  }

  async #ask(signal: AbortSignal): Promise<SqlAnswer> {
    signal.throwIfAborted();
    // What was lost while nobody asked is opened again; what cannot be opened is a failure.
    if (!this.#connection?.usable) this.#connection = await this.#options.database.connect(signal);
    return this.#connection.ask(this.#bound(), signal);
  }

  async #deliver(answer: SqlAnswer, sink: Sink, signal: AbortSignal): Promise<void> {
    const { settings, context } = this.#options;
    const { timeField, cursor, topicKind: kind } = settings;
    const refused = (reason: string) => sink.refused(reason);
    const rows = await rowsOfAnswer(answer, { clock: context.clock, zone: this.#zone, timeField, refused });
    signal.throwIfAborted();
    if (cursor !== undefined) {
      const place = columnAt(answer.columns, cursor.column, 'cursor.column');
      const { clock, limits } = context;
      const topic = { topic: this.#topic, kind, keyField: this.topics[0]?.keyField };
      const news = new PublishedNews({ ...topic, sink, clock, pieceBytes: limits.publicationBytes, signal });
      const type = answer.columns[place]?.type;
      await news.publish({ answer, rows, place }, (value) => {
        this.#cursor = { value, type };
      });
    } else if (kind === 'state') {
      if (rows.length > 1)
        throw new TidewallError(
          'source_error',
          `the query answers ${rows.length} rows, and a state is one: add LIMIT 1, or make topicKind table`,
        );
      await sink.result(this.#topic, rows[0]?.row ?? null);
    } else {
      await sink.result(
        this.#topic,
        rows.map(({ row }) => row),
      );
    }
  }

  #bound(): BoundStatement {
    const { syntax, context } = this.#options;
    const given = new Map<string, GivenParameter>(
      Object.entries(context.params).map(([name, value]) => [name, { value }]),
    );
    if (this.#cursor !== undefined) given.set(CURSOR_PARAMETER, this.#cursor);
    try {
      return bindStatement(this.#statement, syntax, given);
    } catch (failure) {
      throw new TidewallError('bad_request', `sources.${context.name}.query ${(failure as Error).message}`);
    }
  }

  /** A cursor and `:cursor` go together, and no parameter takes the name. */
  #refuseCursor(): void {
    const { settings, context } = this.#options;
    if (settings.cursor === undefined) return;
    if (Object.hasOwn(context.params, CURSOR_PARAMETER)) {
      throw new TidewallError(
        'bad_request',
        `sources.${context.name}.params.cursor is the name of the cursor's value: take another`,
      );
    }
    if (this.#statement.parameters.includes(CURSOR_PARAMETER)) return;
    const example = `WHERE ${settings.cursor.column} > :cursor ORDER BY ${settings.cursor.column}`;
    throw new TidewallError(
      'bad_request',
      `sources.${context.name}.query must ask for what is beyond :cursor, as in ${example}`,
    );
  }
}
