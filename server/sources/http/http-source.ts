import type { JsonValue } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { type BoundRequest, RequestTemplate } from '@tidewall/request';
import { outputTopic } from '../output.ts';
import { pause } from '../pause.ts';
import { poll } from '../polling.ts';
import type { HttpConfig, Paging } from './config.ts';
import { type Answer, HttpAsker, type Validators } from './http-asker.ts';
import { firstPage, nextPage } from './next-page.ts';

/** The answers of an HTTP server, asked for again and again. */
export class HttpSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: HttpConfig;
  readonly #context: SourceContext;
  readonly #template: RequestTemplate;
  readonly #asker: HttpAsker;
  /** Of the last answer that was published whole; it outlives a run, as what its topic holds does. */
  #validators: Validators | undefined;

  /** @throws TidewallError bad_request naming a parameter that there is none of */
  constructor(config: HttpConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.topics = [outputTopic(config, context)];
    this.#template = new RequestTemplate(config, context.params);
    this.#asker = new HttpAsker(config, context, this.#template.place);
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    if (this.#config.request === 'browser') {
      const message = 'this source is asked by the pages themselves (request: browser), so its topic holds nothing';
      throw new TidewallError('source_error', message);
    }
    const { waitMs } = this.#asker;
    if (waitMs > 0) await pause(clock, waitMs, signal);
    const { place } = this.#template;
    await poll({ place, polling: this.#config, context: this.#context, sink, signal }, (within, unhurried) =>
      this.#ask(unhurried, within),
    );
  }

  async #ask(sink: Sink, signal: AbortSignal): Promise<void> {
    const { paging, maxBytes } = this.#config;
    const request = this.#template.bind();
    if (paging !== undefined) return this.#publish(await this.#pages(request, paging, sink, signal), sink, signal);
    const validators = this.#validators;
    const answer = await this.#asker.ask(request, { sink, signal, maxBytes, validators });
    if (answer === undefined) {
      sink.healthy();
      return;
    }
    this.#validators = undefined;
    await this.#publish(answer.reading.data, sink, signal);
    // What the hub has not taken whole must come again.
    if (!signal.aborted) this.#validators = answer.validators;
  }

  async #publish(data: JsonValue, sink: Sink, signal: AbortSignal): Promise<void> {
    const [topic] = this.topics;
    this.#checkRows(data);
    if (!signal.aborted && topic !== undefined) await sink.result(topic.topic, data);
  }

  /** The rows of all pages. */
  async #pages(begin: BoundRequest, paging: Paging, sink: Sink, signal: AbortSignal): Promise<JsonValue> {
    const { maxBytes } = this.#config;
    const rows: JsonValue[] = [];
    const asked = new Set<string>();
    let request = firstPage(begin, paging);
    let before: Answer | undefined;
    let bytes = 0;
    for (let index = 0; ; index++) {
      asked.add(keyOf(request));
      const page = await this.#asker.ask(request, { sink, signal, maxBytes: maxBytes - bytes });
      if (page === undefined || signal.aborted) return rows;
      this.#checkMoves(paging, before, page);
      const more = this.#rowsOf(page.reading.data);
      const rowsBefore = rows.length;
      for (const row of more) rows.push(row);
      bytes += page.bytes;
      this.#checkRows(rows);
      const { url, headers, reading } = page;
      const next = nextPage(request, paging, {
        url,
        headers,
        whole: reading.whole,
        rows: more.length,
        rowsBefore,
        index,
      });
      if (next === undefined) return rows;
      if (index + 1 >= paging.maxPages) {
        sink.refused(`there are more than ${paging.maxPages} pages (paging.maxPages); the rest is left out`);
        return rows;
      }
      if (asked.has(keyOf(next))) throw this.#failure('leads from page to page in a circle');
      before = page;
      request = next;
    }
  }

  /** A far end that does not know the parameter answers with the first page again and again. */
  #checkMoves(paging: Paging, before: Answer | undefined, page: Answer): void {
    const counted = paging.by === 'page' || paging.by === 'offset';
    if (!counted || before === undefined || before.bytes !== page.bytes) return;
    if (this.#rowsOf(page.reading.data).length === 0) return;
    if (JSON.stringify(before.reading.data) !== JSON.stringify(page.reading.data)) return;
    const { parameter } = paging;
    throw this.#failure(
      `answers with the same page again; does it know the parameter ${parameter}? (paging.parameter)`,
    );
  }

  #rowsOf(data: JsonValue): readonly JsonValue[] {
    if (Array.isArray(data)) return data;
    const { path } = this.#config;
    throw this.#failure(`has pages of rows (paging), but ${path === '' ? 'its answer' : path} is no list (path)`);
  }

  #checkRows(data: JsonValue): void {
    const { maxRows } = this.#config;
    if (Array.isArray(data) && data.length > maxRows)
      throw this.#failure(`answers with more than ${maxRows} rows (maxRows)`);
  }

  #failure(what: string): TidewallError {
    return new TidewallError('source_error', `${this.#template.place} ${what}`);
  }
}

/** What tells one page from another. */
function keyOf({ url, body }: BoundRequest): string {
  return JSON.stringify([url, body ?? null]);
}
