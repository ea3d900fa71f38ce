import type { Clock, JsonObject } from '@tidewall/base';
import type { Sink, SourceTopic } from '@tidewall/contracts';
import type { Limits } from '@tidewall/protocol';
import type { CsvConfig } from './config.ts';
import { CsvReader } from './csv-reader.ts';
import type { CsvVersion } from './csv-version.ts';
import { LineCutter } from './line-cutter.ts';
import { behind, isGrown, type Mark, ReadBytes } from './mark.ts';
import { refuseLarge } from './refuse-large.ts';
import { RowOutlet } from './row-outlet.ts';

/** Types of columns are found out from so many rows; those after them are held to it. */
export const SAMPLE_ROWS = 1_000;
/** Of a series, so many bytes are compared with what they were before it is taken for the same. */
const COMPARED_BYTES = 16 * 1024 * 1024;
const NOTHING: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };

export interface RowStreamOptions {
  readonly topic: SourceTopic;
  readonly config: CsvConfig;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'publicationBytes'>;
}

/**
 * Publishes the rows of a file as entries of a log or points of a series, in order and without ever holding more than a
 * chunk of them. Of a file that goes on where it ended, only what is new; of any other one, all: a series then starts
 * again, and a log goes on.
 *
 * What it knows outlives a run: one that was stopped in the middle goes on there.
 */
export class RowStream {
  readonly #options: RowStreamOptions;
  #mark: Mark | undefined;
  /** Rows behind the mark that were published, and of which file. */
  #rowsBehind = 0;
  #partOf: Pick<CsvVersion, 'identity' | 'sizeBytes'> | undefined;
  /** Whether something of this file was published. */
  #begun = false;

  constructor(options: RowStreamOptions) {
    this.#options = options;
  }

  /** @returns how many publications that took; stops between two of them when `signal` aborts */
  async take(version: CsvVersion, sink: Sink, signal: AbortSignal): Promise<number> {
    refuseLarge(version, this.#options.config);
    const chunks = await this.#open(version, signal);
    return signal.aborted ? 0 : this.#publish(version, chunks, sink, signal);
  }

  /** The bytes that were not read yet; all of them, and nothing is known any more, when it is another file. */
  async #open(version: CsvVersion, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { topic } = this.#options;
    const mark = this.#mark;
    if (mark !== undefined) {
      // A log takes no change of what was before.
      const isTrusted = topic.kind === 'log' || mark.bytes > COMPARED_BYTES;
      if (isTrusted && (await isGrown(mark, version))) return version.bytes(mark.bytes);
      const rest = await behind(mark, version, signal);
      if (rest !== undefined || signal.aborted) return rest ?? NOTHING;
    } else if (this.#isPart(version)) return version.bytes(0);
    this.#mark = undefined;
    this.#rowsBehind = 0;
    this.#begun = false;
    return version.bytes(0);
  }

  /** Whether it is the file of which a beginning was published, and nothing was taken away from it. */
  #isPart({ identity, sizeBytes = 0 }: CsvVersion): boolean {
    const { identity: before, sizeBytes: size = 0 } = this.#partOf ?? {};
    return identity !== undefined && identity === before && sizeBytes >= size;
  }

  async #publish(
    version: CsvVersion,
    chunks: AsyncIterable<Uint8Array>,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<number> {
    const { config, topic, limits, clock } = this.#options;
    const since = this.#mark?.soFar;
    const form = { ...config, encoding: config.encoding ?? version.encoding };
    const reader = new CsvReader({
      ...{ name: version.name, form, since, sampleRows: SAMPLE_ROWS, rowBytes: limits.publicationBytes },
      use: topic.kind === 'series' ? 'series' : 'log',
      refused: (reason) => sink.refused(reason),
    });
    const out = new RowOutlet({ topic, clock, limits, sink, signal, skip: this.#rowsBehind, begun: this.#begun });
    const read = new ReadBytes(this.#mark);
    this.#partOf = version;
    const take = async (bytes: Uint8Array | undefined, rows: Iterable<JsonObject | undefined>) => {
      if (bytes !== undefined) read.add(bytes);
      try {
        await out.write(rows, () => reader.mostPointBytes);
      } finally {
        this.#rowsBehind = out.rowsBehind;
        this.#begun = out.begun;
      }
      const { soFar } = reader;
      if (signal.aborted || soFar === undefined || !reader.isBetweenRecords) return;
      out.mark();
      this.#mark = read.mark(version.identity, soFar);
      this.#rowsBehind = out.rowsBehind;
    };
    let cutter: LineCutter | undefined;
    for await (const chunk of chunks) {
      cutter ??= new LineCutter(since?.encoding ?? encodingOf(chunk) ?? form.encoding);
      const lines = cutter.push(chunk);
      if (lines.length > 0) await take(lines, reader.push(lines));
      if (signal.aborted) return out.publications;
    }
    const rest = version.settled ? cutter?.end() : undefined;
    if (rest !== undefined && rest.length > 0) await take(rest, reader.push(rest));
    if (!signal.aborted) await take(undefined, version.settled ? reader.end() : reader.release());
    return out.publications;
  }
}

/** What a mark at the beginning says, as far as it matters for where characters end. */
function encodingOf([first, second]: Uint8Array): 'utf-16le' | undefined {
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isWide ? 'utf-16le' : undefined;
}
