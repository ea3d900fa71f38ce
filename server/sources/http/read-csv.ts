import type { Clock, JsonObject } from '@tidewall/base';
import { CsvReader } from '../csv/csv-reader.ts';
import { Turns } from '../turns.ts';

export interface ReadCsvOptions {
  readonly config: { readonly delimiter: string };
  readonly clock: Clock;
  /** What was asked, as sentences name it. */
  readonly place: string;
  refused(reason: string): void;
}

/** Pieces between which everybody else has a turn. */
const PIECE_BYTES = 64 * 1024;

/**
 * The rows of an answer of CSV whose first line names the columns, as the kind `csv` reads them.
 *
 * @throws TidewallError source_error naming what was asked
 */
export async function readCsv(text: string, { config, clock, place, refused }: ReadCsvOptions): Promise<JsonObject[]> {
  const { delimiter } = config;
  const form = { delimiter, quote: '"', header: true, types: {}, dates: {}, decimal: '.', nulls: [] } as const;
  const reader = new CsvReader({ name: place, form, use: 'table', rowBytes: Number.POSITIVE_INFINITY, refused });
  const turns = new Turns(clock);
  const rows: JsonObject[] = [];
  const take = async (made: Iterable<JsonObject | undefined>) => {
    for (const row of made) {
      if (row !== undefined) rows.push(row);
      await turns.step();
    }
  };
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    await take(reader.push(bytes.subarray(from, from + PIECE_BYTES)));
  }
  await take(reader.end());
  return rows;
}
