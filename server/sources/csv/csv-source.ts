import type { JsonObject } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { PublishedTable } from '../published-table.ts';
import { type CsvConfig, ROW_NUMBER_FIELD } from './config.ts';
import { type FollowedVersion, followFile, hasChanged } from './follow-file.ts';
import { readTable } from './read-table.ts';

/** A larger file is refused before it is read. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The rows of a file as a table, and their changes whenever the file changes. */
export class CsvSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: CsvConfig;
  readonly #context: SourceContext;
  readonly #path: string;
  /** Outlives a run: what the topic holds is known still when the source starts again. */
  readonly #table: PublishedTable;

  constructor(config: CsvConfig, context: SourceContext) {
    const topic: TopicName = config.topic ?? parseTopicName(context.name);
    const keyField = config.keyField ?? ROW_NUMBER_FIELD;
    this.#config = config;
    this.#context = context;
    this.#path = context.resolveFile(config.path);
    const { clock, limits } = context;
    this.#table = new PublishedTable({ topic, keyField, pieceBytes: limits.publicationBytes, clock });
    this.topics = [{ topic, kind: 'table', keyField }];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const path = this.#path;
    for await (const version of followFile({ path, clock: this.#context.clock, signal })) {
      const rows = await this.#read(version, sink, signal);
      if (signal.aborted) return;
      if (!rows) continue;
      const published = await this.#table.update(sink, rows, signal);
      if (published === 0 && !signal.aborted) sink.healthy();
    }
  }

  /** The rows of that version, or undefined when it was written to meanwhile and will be yielded anew. */
  async #read(version: FollowedVersion, sink: Sink, signal: AbortSignal): Promise<JsonObject[] | undefined> {
    const path = this.#path;
    const { sizeBytes } = version;
    if (sizeBytes > MAX_FILE_BYTES) {
      throw new TidewallError('source_error', `${path} has ${sizeBytes} bytes, at most ${MAX_FILE_BYTES} are read`);
    }
    try {
      const rows = await readTable({
        ...this.#config,
        path,
        sizeBytes,
        signal,
        clock: this.#context.clock,
        limits: this.#context.limits,
        refused: (reason) => sink.refused(reason),
      });
      // What never stands still is taken as it was; otherwise this may be half of the old and half of the new.
      return version.settled && (await hasChanged(path, version)) ? undefined : rows;
    } catch (failure) {
      if (await hasChanged(path, version)) return undefined;
      throw failure;
    }
  }
}
