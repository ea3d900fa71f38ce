import type { Clock, JsonObject } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import { type Limits, TidewallError } from '@tidewall/protocol';
import { Turns } from '../turns.ts';
import type { CsvConfig } from './config.ts';
import { CsvReader } from './csv-reader.ts';
import type { CsvVersion } from './csv-version.ts';
import { refuseLarge } from './refuse-large.ts';

export interface ReadWholeOptions {
  readonly version: CsvVersion;
  readonly config: CsvConfig;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'publicationBytes'>;
  readonly sink: Pick<Sink, 'refused'>;
  readonly signal: AbortSignal;
}

/** The rows of a file, and the line of each. */
export interface WholeFile {
  readonly rows: JsonObject[];
  readonly lines: readonly number[];
}

/**
 * All rows of a file, within bounds. Stops early, with what there is, when `signal` aborts.
 *
 * @throws TidewallError source_error naming the file, and the setting whose bound it is over
 */
export async function readWhole(options: ReadWholeOptions): Promise<WholeFile> {
  const { version, config, clock, limits, sink, signal } = options;
  const { name } = version;
  const { maxRows } = config;
  refuseLarge(version, config);
  const rows: JsonObject[] = [];
  const lines: number[] = [];
  const reader = new CsvReader({
    name,
    lines,
    form: { ...config, encoding: config.encoding ?? version.encoding },
    use: 'table',
    rowBytes: limits.publicationBytes,
    refused: (reason) => sink.refused(reason),
  });
  const turns = new Turns(clock);
  const take = async (made: Iterable<JsonObject | undefined>) => {
    for (const row of made) {
      if (row !== undefined) rows.push(row);
      if (Math.max(rows.length, reader.held) > maxRows) {
        const most = `${maxRows} rows, the most that are held (maxRows)`;
        throw new TidewallError('source_error', `${name} has more than ${most}`);
      }
      const turn = turns.step();
      if (turn !== undefined) await turn;
      if (signal.aborted) return;
    }
  };
  for await (const bytes of version.bytes(0)) {
    await take(reader.push(bytes));
    if (signal.aborted) return { rows, lines };
  }
  await take(reader.end());
  return { rows, lines };
}
