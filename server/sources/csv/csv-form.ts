import type { CellType } from '../cell.ts';
import type { CellFormatOptions } from './cell-format.ts';
import type { Encoding } from './decode-text.ts';

/** How a file is written, as its configuration says. */
export interface CsvForm extends CellFormatOptions {
  readonly encoding?: Encoding | undefined;
  /** One character, or `auto`. */
  readonly delimiter: string;
  readonly quote: string;
  /** Whether the first line names the columns. */
  readonly header: boolean;
  readonly types: Readonly<Record<string, CellType>>;
  /** The form of times, by column. */
  readonly dates: Readonly<Record<string, string>>;
  readonly timeField?: string | undefined;
}

/** What rows become: rows of a table, entries of a log, points of a series, or rows that a query reads. */
export type RowUse = 'table' | 'log' | 'series' | 'query';
