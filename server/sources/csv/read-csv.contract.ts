import type { JsonObject } from '@tidewall/base';
import { csvConfigSchema } from './config.ts';
import { CsvReader, type CsvReaderOptions } from './csv-reader.ts';

/** What a reader makes of a file that comes in one piece, or in pieces of so many bytes. Tests only. */
export function readCsv(
  content: string | Uint8Array,
  config: object = {},
  { pieceBytes = Number.POSITIVE_INFINITY, ...more }: Partial<CsvReaderOptions> & { pieceBytes?: number } = {},
): { rows: JsonObject[]; refusals: string[]; reader: CsvReader } {
  const refusals: string[] = [];
  const reader = new CsvReader({
    name: 'file.csv',
    form: csvConfigSchema.parse({ path: 'file.csv', ...config }),
    use: 'table',
    rowBytes: 10_000,
    refused: (reason) => refusals.push(reason),
    ...more,
  });
  const bytes = Buffer.from(content);
  const rows: (JsonObject | undefined)[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) rows.push(...reader.push(bytes.subarray(at, at + pieceBytes)));
  rows.push(...reader.end());
  return { rows: rows.filter((row) => row !== undefined), refusals, reader };
}
