import { z } from 'zod';
import { CELL_TYPES } from '../cell.ts';
import { headersFields, httpTlsFields, httpUrlField, simpleAuthField } from '../http-fields.ts';
import { outputFields } from '../output.ts';
import { checkPolling, pollingFields } from '../polling.ts';
import { parseStatement } from '../sql/statement/parse-statement.ts';
import { isTimeZone } from '../sql/values/time-zone.ts';
import { ENCODINGS } from './decode-text.ts';
import { DUCKDB_SYNTAX } from './query/duckdb-syntax.ts';
import { compileTimeFormat } from './time-format.ts';

/** Bytes of a file that is held as a whole, and of one that is only passed on. */
const WHOLE_BYTES = 16 * 1024 * 1024;
const STREAM_BYTES = 4 * 1024 ** 3;
const MOST_NULLS = 50;
const column = z.string().min(1).max(1_000);

const timeFormat = z
  .string()
  .min(1)
  .max(100)
  .superRefine((format, context) => {
    try {
      compileTimeFormat(format);
    } catch (failure) {
      context.addIssue({ code: 'custom', message: (failure as Error).message });
    }
  });

/** Configuration of a source of kind `csv`. */
export const csvConfigSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(4_096)
      .optional()
      .describe('the file, or the name of an uploaded one; a relative path starts at the folder of the configuration'),
    url: httpUrlField.optional().describe('where the file is asked for again and again, in place of path'),
    auth: simpleAuthField,
    ...headersFields,
    ...httpTlsFields,
    ...outputFields(['table', 'state', 'series', 'log'], 'table'),
    timeField: column
      .optional()
      .describe(
        'the column of the time, which becomes t; of a series that of name t when absent, else the first of times',
      ),
    header: z
      .boolean()
      .default(true)
      .describe('whether the first line names the columns; otherwise they are column1, column2 …'),
    delimiter: z
      .string()
      .refine((text) => text === 'auto' || isMark(text), 'must be one character, and no line break, or auto')
      .default('auto')
      .describe('what stands between cells: one character, or auto, which finds out: , ; | or a tab'),
    quote: z
      .string()
      .refine((text) => text === '' || isMark(text), 'must be one character, and no line break, or empty')
      .default('"')
      .describe('what stands around cells that hold delimiters; empty: nothing does'),
    encoding: z
      .enum(ENCODINGS)
      .optional()
      .describe('utf-8 when absent and the server says nothing; a byte order mark counts more'),
    types: z
      .record(column, z.enum(CELL_TYPES))
      .default({})
      .describe('the types of columns that must not be found out from their cells'),
    nulls: z
      .array(z.string().min(1).max(100))
      .max(MOST_NULLS)
      .default([])
      .describe('what is written for nothing, beside an empty cell: -, N/A'),
    decimal: z.enum(['.', ',']).default('.').describe("what stands before a number's fraction"),
    thousands: z
      .enum(['.', ',', ' ', "'"])
      .optional()
      .describe('what stands between its thousands; nothing when absent'),
    dates: z
      .record(column, timeFormat)
      .default({})
      .describe('how the times of a column are written, when not as ISO 8601: DD.MM.YYYY HH:mm, or unix, unix-ms'),
    timezone: z
      .string()
      .refine(isTimeZone, 'must be a time zone: Asia/Shanghai, UTC, +08:00')
      .optional()
      .describe('the zone of times that say none; absent: they stay without one, and count as UTC where t is needed'),
    sql: z
      .string()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'a question to the file, whose rows are a table named csv: SELECT … FROM csv; `:name` stands for a parameter',
      ),
    maxRows: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100_000)
      .describe('rows that are held: of a table or state, or of an answer. More are a failure'),
    maxBytes: z
      .int()
      .min(1_024)
      .max(1024 ** 4)
      .optional()
      .describe('bytes of the file: 16 MiB when absent, 4 GiB of a log, a series, or with sql. More are a failure'),
    ...pollingFields,
  })
  .superRefine((config, context) => {
    checkPolling(config, context);
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { path, url, auth, headers, secretHeaders, delimiter, quote, decimal, thousands, sql } = config;
    if ((path === undefined) === (url === undefined)) {
      complain(path === undefined ? 'path' : 'url', 'must be given, or url: one of the two');
    }
    if (url === undefined) {
      if (auth !== undefined) complain('auth', 'is for a url');
      if (Object.keys(headers).length > 0) complain('headers', 'are for a url');
      if (Object.keys(secretHeaders).length > 0) complain('secretHeaders', 'are for a url');
    }
    if (delimiter === quote) complain('quote', 'must be another character than delimiter');
    if (decimal === thousands) complain('thousands', 'must be another character than decimal');
    try {
      if (sql !== undefined) parseStatement(sql, DUCKDB_SYNTAX);
    } catch (failure) {
      complain('sql', (failure as Error).message);
    }
  });

export type CsvConfig = z.output<typeof csvConfigSchema>;

/** Whether a file is passed on row by row, and never held. */
export function isStreamed({ topicKind, sql }: Pick<CsvConfig, 'topicKind' | 'sql'>): boolean {
  return sql === undefined && (topicKind === 'log' || topicKind === 'series');
}

/** The most bytes that are read. */
export function mostBytes(config: Pick<CsvConfig, 'topicKind' | 'sql' | 'maxBytes'>): number {
  return config.maxBytes ?? (isStreamed(config) || config.sql !== undefined ? STREAM_BYTES : WHOLE_BYTES);
}

function isMark(text: string): boolean {
  return text.length === 1 && !'\r\n\0'.includes(text);
}
