import { type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError, type TopicName } from '@tidewall/protocol';
import { credentialsOf, secretsOf } from '../http-credentials.ts';
import { statusFailure } from '../http-status-failure.ts';
import { columnsOf, rowsOf, SERIES_FIELD } from '../labelled-series.ts';
import { outputTopic } from '../output.ts';
import { poll } from '../polling.ts';
import { bindQuery } from './bind-query.ts';
import { kindOf, type PrometheusConfig } from './config.ts';
import { type ReadResult, readResult } from './read-result.ts';

/** A longer question is posted: not everything in between takes addresses of any length. */
const MOST_CHARACTERS = 2_000;
const MOST_WARNINGS = 5;

/** The answer of a Prometheus to one query, asked again and again. */
export class PrometheusSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: PrometheusConfig;
  readonly #context: SourceContext;
  readonly #query: string;
  readonly #kind: ReturnType<typeof kindOf>;
  readonly #topic: TopicName;
  /** What is asked, as sentences name it. */
  readonly #place: string;

  /** @throws TidewallError bad_request when the query and the parameters do not go together */
  constructor(config: PrometheusConfig, context: SourceContext) {
    const { keyField = SERIES_FIELD } = config;
    this.#config = config;
    this.#context = context;
    this.#kind = kindOf(config);
    const topic = outputTopic({ ...config, keyField, topicKind: this.#kind }, context);
    this.topics = [topic];
    this.#topic = topic.topic;
    this.#query = bindQuery(config.query, context.params);
    this.#place = `Prometheus at ${new URL(config.url).host}`;
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    await poll(
      { place: this.#place, polling: this.#config, context: this.#context, sink, signal },
      (within, unhurried) => this.#ask(unhurried, within),
    );
  }

  async #ask(sink: Sink, signal: AbortSignal): Promise<void> {
    const result = readResult(await this.#answer(signal), this.#place);
    const { rangeMs } = this.#config;
    if (result.type === 'range' && rangeMs === undefined) {
      throw this.#failure('answers with values over time; ask for one (rate(), last_over_time()), or set rangeMs');
    }
    for (const warning of result.warnings.slice(0, MOST_WARNINGS)) sink.refused(`Prometheus warns: ${warning}`);
    if (signal.aborted) return;
    if (this.#kind === 'table') await this.#table(result, sink);
    else if (this.#kind === 'state') await this.#state(result, sink);
    else await this.#series(result, sink);
  }

  async #table({ series }: ReadResult, sink: Sink): Promise<void> {
    const { maxRows, legend } = this.#config;
    if (series.length > maxRows)
      throw this.#failure(`answers with ${series.length} series; at most ${maxRows} are taken (maxRows)`);
    await sink.result(this.#topic, rowsOf(series, legend));
  }

  async #state({ series }: ReadResult, sink: Sink): Promise<void> {
    const [row = null] = rowsOf(series, this.#config.legend);
    if (series.length > 1) {
      sink.refused(`the query has ${series.length} series, and a state takes the first; use sum(), or the kind table`);
    }
    await sink.result(this.#topic, row);
  }

  async #series({ type, series }: ReadResult, sink: Sink): Promise<void> {
    const { legend, stepMs, maxRows } = this.#config;
    const { seriesColumns } = this.#context.limits;
    if (series.length >= seriesColumns) {
      const cure = 'put them together (sum by), or take the largest (topk)';
      throw this.#failure(`answers with ${series.length} series; a topic takes ${seriesColumns - 1}: ${cure}`);
    }
    const { columns, twice } = columnsOf(series, legend, stepMs);
    for (const name of new Set(twice))
      sink.refused(`two series are called ${JSON.stringify(name)} (legend); the first is shown`);
    if (columns.t.length > maxRows)
      throw this.#failure(`answers with ${columns.t.length} points; at most ${maxRows} are taken (maxRows)`);
    if (type === 'range') await sink.result(this.#topic, columns);
    else if (series.length === 0) sink.healthy();
    // A point at a time: what was before is still what it was.
    else await sink.publish(this.#topic, 'append', pointOf(columns), columns.t[0]);
  }

  async #answer(signal: AbortSignal): Promise<JsonValue> {
    const { outgoing } = this.#context;
    const { auth, headers, secretHeaders, timeoutMs, maxBytes, ca, insecure } = this.#config;
    const credentials = credentialsOf(auth);
    const { url, body } = this.#question(credentials.query);
    const response = await outgoing.request(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...headers,
        ...secretHeaders,
        ...credentials.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...{ signal, timeoutMs, maxBytes, insecure },
      ...(body === undefined ? {} : { body }),
      ...(ca === undefined ? {} : { ca }),
    });
    const { status, headers: answered } = response;
    if (status !== 200) {
      throw await statusFailure({ response, place: this.#place, secrets: secretsOf(this.#config) });
    }
    const text = await response.text();
    try {
      return parseJson(text);
    } catch (cause) {
      const type = (answered['content-type'] ?? 'a text').split(';')[0];
      throw new TidewallError('source_error', `${this.#place} answers with ${type} that is no JSON; is it one?`, {
        cause,
      });
    }
  }

  #question(credentials: Readonly<Record<string, string>>): { url: URL; body: string | undefined } {
    const { url: base, rangeMs, stepMs, timeoutMs } = this.#config;
    const url = new URL(base);
    const [call, times] = rangeMs === undefined ? ['query', {}] : ['query_range', this.#times(rangeMs)];
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/${call}`;
    for (const [name, value] of Object.entries(credentials)) url.searchParams.set(name, value);
    const asked = new URLSearchParams({ query: this.#query, timeout: `${timeoutMs}ms`, ...times });
    if (rangeMs !== undefined) asked.set('step', String(stepMs / 1000));
    if (asked.toString().length > MOST_CHARACTERS) return { url, body: asked.toString() };
    for (const [name, value] of asked) url.searchParams.set(name, value);
    return { url, body: undefined };
  }

  /** On the steps themselves, so that the points of one answer are those of the next. */
  #times(rangeMs: number): { start: string; end: string } {
    const { stepMs } = this.#config;
    const end = Math.floor(this.#context.clock.now() / stepMs) * stepMs;
    const start = end - Math.floor(rangeMs / stepMs) * stepMs;
    return { start: String(start / 1000), end: String(end / 1000) };
  }

  #failure(what: string): TidewallError {
    return new TidewallError('source_error', `${this.#place} ${what}`);
  }
}

function pointOf(columns: Readonly<Record<string, readonly (number | null)[]>>): JsonObject {
  return Object.fromEntries(Object.entries(columns).map(([name, [value = null]]) => [name, value]));
}
