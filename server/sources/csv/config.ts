import { z } from 'zod';
import { CELL_TYPES } from '../cell.ts';
import { topicField } from '../fields.ts';

export const ENCODINGS = ['utf-8', 'gbk', 'gb18030', 'big5', 'utf-16le'] as const;

/** Configuration of a source of kind `csv`. */
export const csvConfigSchema = z.strictObject({
  /** The file; a relative path starts at the folder of the configuration. */
  path: z.string().min(1),
  /** The topic that its rows go to; the source's name when absent. */
  topic: topicField.optional(),
  /** The column that identifies a row; when absent, rows are identified by their number, in a field `_row`. */
  keyField: z.string().min(1).optional(),
  delimiter: z
    .string()
    .refine((text) => text.length === 1 && !'"\r\n'.includes(text), 'must be one character, and no quote or line break')
    .default(','),
  /** A byte order mark is passed over. */
  encoding: z.enum(ENCODINGS).default('utf-8'),
  /** The types of columns that must not be found out from their cells. */
  types: z.record(z.string(), z.enum(CELL_TYPES)).default({}),
  /** Whether the first line names the columns; otherwise they are `column1`, `column2` … */
  header: z.boolean().default(true),
});

export type CsvConfig = z.infer<typeof csvConfigSchema>;

/** The key of rows that have none of their own. */
export const ROW_NUMBER_FIELD = '_row';
