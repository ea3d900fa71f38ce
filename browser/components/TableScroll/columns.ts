import type { JsonObject } from '@tidewall/base';
import type { Locale } from '@tidewall/browser-contracts';
import { createNumberFormat, NO_NUMBER } from '../format/number-format.ts';
import { CLOCK, createTimeFormat } from '../format/time-format.ts';
import { textOf } from '../text/text.ts';
import type { Column, Props } from './definition.ts';

/** A table without columns in its props shows at most this many fields. */
const MOST_FIELDS = 8;

/** A column that is ready to draw. */
export interface DrawnColumn {
  readonly field: string;
  readonly label: string;
  readonly align: 'left' | 'center' | 'right';
  readonly width: number;
  readonly bar: boolean;
  text(value: unknown): string;
}

/** The columns of the props, or those that the first row suggests. */
export function drawnColumns(props: Props, rows: readonly JsonObject[], locale: Locale): DrawnColumn[] {
  if (props.columns.length > 0) return props.columns.map((column) => drawnColumn(column, props, locale));
  const first = rows[0] ?? {};
  return Object.keys(first)
    .slice(0, MOST_FIELDS)
    .map((field) => drawnColumn({ ...plainColumn(field, first[field]), field }, props, locale));
}

/** The largest of a column's absolute numbers, for its bars; 0 when there is none. */
export function largestOf(rows: readonly JsonObject[], field: string): number {
  let largest = 0;
  for (const row of rows) {
    const value = row[field];
    if (typeof value === 'number' && Math.abs(value) > largest && Number.isFinite(value)) largest = Math.abs(value);
  }
  return largest;
}

function plainColumn(field: string, value: unknown): Column {
  const number = typeof value === 'number';
  return {
    field,
    label: field,
    format: number ? 'number' : 'text',
    decimals: number && !Number.isInteger(value) ? 2 : 0,
    unit: '',
    currency: 'CNY',
    align: 'auto',
    width: 1,
    bar: false,
  };
}

function drawnColumn(column: Column, props: Props, locale: Locale): DrawnColumn {
  const { field, format, align, width, bar } = column;
  const numeric = format !== 'text' && format !== 'time';
  return {
    field,
    label: textOf(column.label, locale) || field,
    align: align === 'auto' ? (numeric ? 'right' : 'left') : align,
    width,
    bar: bar && numeric,
    text: writerOf(column, props.timeZone, locale),
  };
}

function writerOf(column: Column, timeZone: string, locale: Locale): (value: unknown) => string {
  const { format } = column;
  if (format === 'time') return createTimeFormat(CLOCK, locale, timeZone);
  if (format !== 'text') return createNumberFormat({ ...column, format }, locale).text;
  return (value) => {
    if (value === undefined || value === null || Number.isNaN(value)) return NO_NUMBER;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
}
