import type { JsonObject } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { outputTopic } from '../output.ts';
import { poll } from '../polling.ts';
import { type CsvConfig, isStreamed } from './config.ts';
import type { CsvVersion } from './csv-version.ts';
import { fileVersions } from './file-versions.ts';
import { FileQuery } from './query/file-query.ts';
import { readWhole } from './read-whole.ts';
import { RowStream } from './row-stream.ts';
import { UrlFile } from './url-file.ts';

/** As long as a timer can be: each step of an answer has its own time, and a long file takes longer than one. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** The rows of a file as a topic, and what changes of them whenever the file changes. */
export class CsvSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: CsvConfig;
  readonly #context: SourceContext;
  readonly #path: string | undefined;
  readonly #url: UrlFile | undefined;
  readonly #stream: RowStream | undefined;
  readonly #query: FileQuery | undefined;

  /** @throws TidewallError source_error when it may not read that file; bad_request when it is no question that has a value */
  constructor(config: CsvConfig, context: SourceContext) {
    const { path, url, sql } = config;
    const topic = outputTopic(config, context);
    const { clock, limits, outgoing } = context;
    this.#config = config;
    this.#context = context;
    this.topics = [topic];
    this.#path = path === undefined ? undefined : context.resolveFile(path);
    this.#url = url === undefined ? undefined : new UrlFile({ url, config, outgoing });
    if (sql === undefined && Object.keys(context.params).length > 0) {
      throw new TidewallError('bad_request', 'params are for sql, and there is none');
    }
    this.#query = sql === undefined ? undefined : new FileQuery({ sql, config, context });
    this.#stream = isStreamed(config) ? new RowStream({ topic, config, clock, limits }) : undefined;
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    if (this.#url !== undefined) return this.#poll(this.#url, sink, signal);
    for await (const version of fileVersions({ path: this.#path as string, clock, signal })) {
      try {
        await this.#inTurn(signal, () => this.#take(version, sink, signal));
      } catch (failure) {
        if (signal.aborted) return;
        // What was half of the old and half of the new comes again as it is now.
        if (!(await version.hasChanged())) throw failure;
      }
      if (signal.aborted) return;
    }
  }

  async #poll(url: UrlFile, sink: Sink, signal: AbortSignal): Promise<void> {
    const polling = { ...this.#config, timeoutMs: NO_TIMEOUT_MS };
    const place = new URL(this.#config.url as string).host;
    await poll({ place, polling, context: this.#context, sink, signal }, async (within) => {
      // Before it is asked: an answer does not wait.
      await this.#inTurn(within, async () => {
        const answer = await url.ask(within);
        if (answer === undefined) return sink.healthy();
        await this.#take(answer.version, sink, within);
        if (!within.aborted) answer.taken();
      });
    });
  }

  /** Does the work, when it is its turn where that takes a processor for itself; not at all when `signal` aborts before. */
  async #inTurn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (this.#query === undefined) return work();
    const leave = await this.#context.heavyTurn(signal).catch(() => undefined);
    if (leave === undefined) return;
    try {
      await work();
    } finally {
      leave();
    }
  }

  async #take(version: CsvVersion, sink: Sink, signal: AbortSignal): Promise<void> {
    const [topic] = this.topics;
    if (topic === undefined) return;
    if (this.#stream !== undefined) {
      const published = await this.#stream.take(version, sink, signal);
      if (published === 0 && !signal.aborted) sink.healthy();
      return;
    }
    if (this.#query !== undefined) {
      const rows = await this.#query.ask(version, sink, signal);
      if (rows !== undefined && !signal.aborted) await sink.result(topic.topic, rows as JsonObject[]);
      return;
    }
    const { clock, limits } = this.#context;
    const { rows, lines } = await readWhole({ version, config: this.#config, clock, limits, sink, signal });
    // What never stands still is taken as it was; otherwise this may be half of the old and half of the new.
    if (signal.aborted || (version.settled && (await version.hasChanged())) || signal.aborted) return;
    await sink.result(topic.topic, rows, undefined, (index) => `line ${lines[index]}`);
  }
}
