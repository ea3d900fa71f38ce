import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { TidewallError } from '@tidewall/protocol';
import { type CsvError, type Info, parse } from 'csv-parse';
import type { CsvConfig } from './config.ts';

/** A record longer than this is an unclosed quote, not data. */
export const MAX_RECORD_BYTES = 64 * 1024;

/** One record of the file, and the line that it ends on. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

export interface ReadRecordsOptions extends Pick<CsvConfig, 'delimiter' | 'encoding'> {
  readonly path: string;
  /** Bytes of the file that count; what is appended behind them while it is read does not. */
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  /** A record with a stray quote, which is passed over. */
  refused(reason: string): void;
}

/**
 * The records of a CSV file in order, read as a stream. Empty lines are passed over, and records may have any number of
 * cells.
 *
 * @throws TidewallError source_error naming the path, and the line where there is one
 */
export async function* readRecords(options: ReadRecordsOptions): AsyncGenerator<CsvRecord, void> {
  const { path, delimiter, signal } = options;
  if (options.sizeBytes === 0) return;
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_RECORD_BYTES,
  });
  let broken: CsvError | undefined;
  parser.on('skip', (error: CsvError) => {
    // Behind any other error the parser is out of step with the lines, and would drop good rows without a word.
    if (error.code === 'INVALID_OPENING_QUOTE') options.refused(error.message);
    else broken ??= error;
  });
  // `pipeline` closes the file and the parser together, whichever ends first; its failure arrives in the loop below.
  pipeline(Readable.from(decoded(options)), parser, () => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      if (broken || signal.aborted) break;
      yield { cells: record, line: info.lines };
    }
  } catch (cause) {
    if (cause instanceof TidewallError) throw cause;
    throw new TidewallError('source_error', `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  if (broken) throw new TidewallError('source_error', `${path}: ${broken.message}`, { cause: broken });
}

async function* decoded({ path, encoding, sizeBytes, signal }: ReadRecordsOptions): AsyncGenerator<string, void> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (cause) {
      const message = `${path} is not text in ${encoding}; name its encoding in the setting "encoding"`;
      throw new TidewallError('source_error', message, { cause });
    }
  };
  for await (const chunk of createReadStream(path, { end: sizeBytes - 1 })) {
    if (signal.aborted) return;
    yield decode(chunk as Uint8Array);
  }
  yield decode(undefined);
}
