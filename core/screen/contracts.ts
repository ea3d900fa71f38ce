import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Mismatch } from '@tidewall/protocol';

/** A category or a time and a number; `s` names the series where there are several. */
export interface XyRow {
  readonly x: string | number;
  readonly y: number | null;
  readonly s?: string;
}

export interface NameValueRow {
  readonly name: string;
  readonly value: number | null;
}

/** One number and what to say of it. */
export interface KeyValueRow {
  readonly value: number | string | null;
  readonly label?: string;
  readonly unit?: string;
  /** What to compare with: the value of yesterday, of the last period. */
  readonly compare?: number;
  readonly target?: number;
  readonly status?: 'good' | 'warn' | 'alert';
}

/** Columns over time: `t` in ms since 1970, and one array of the same length for each series. */
export interface TimeColumns {
  readonly t: readonly number[];
  readonly [series: string]: readonly (number | null)[];
}

/** What each contract hands to a component. */
export interface Contracts {
  XY: readonly XyRow[];
  NV: readonly NameValueRow[];
  KV: KeyValueRow;
  TS: TimeColumns;
  ROWS: readonly JsonObject[];
  /** The component takes no data. */
  NONE: null;
}

export type ContractName = keyof Contracts;
export type RowsOf<Name extends ContractName> = Contracts[Name];

export type Fit<Name extends ContractName> =
  | { readonly fits: true; readonly rows: RowsOf<Name> }
  | { readonly fits: false; readonly mismatch: Mismatch };

/** More rows than this are refused: no component can show them, and a page should not try. */
export const MAX_ROWS = 100_000;

/** More series than this are refused: rows that each bring a new field would make columns of rows times rows. */
export const MAX_SERIES = 256;

/** Small data that fits, for messages, docs and a first try. */
export const CONTRACT_EXAMPLES: { readonly [Name in ContractName]: JsonValue } = {
  XY: [
    { x: 'Mon', y: 120 },
    { x: 'Tue', y: 132 },
  ],
  NV: [
    { name: 'north', value: 42 },
    { name: 'south', value: 17 },
  ],
  KV: { value: 42, unit: '%' },
  TS: { t: [1_700_000_000_000, 1_700_000_001_000], cpu: [12.5, 13.1] },
  ROWS: [{ name: 'pump 1', state: 'running' }],
  NONE: null,
};

/**
 * Whether data fits a contract, and the rows it makes. Shapes that mean the same are accepted: one row for a list of
 * one, a bare number for `{ value }`, rows with `t` for columns. Fields that the contract does not name are ignored.
 */
export function fitContract<Name extends ContractName>(name: Name, data: JsonValue | object): Fit<Name> {
  const result = FITTERS[name](data as JsonValue);
  if (!(result instanceof Misfit)) return { fits: true, rows: result as RowsOf<Name> };
  const { path, expected, got } = result;
  return { fits: false, mismatch: { path, expected, got, example: CONTRACT_EXAMPLES[name] } };
}

class Misfit {
  readonly path: string;
  readonly expected: string;
  readonly got: string;

  constructor(path: string, expected: string, got: string) {
    this.path = path;
    this.expected = expected;
    this.got = got;
  }
}

function misfit(path: string, expected: string, value: JsonValue | undefined): Misfit {
  return new Misfit(path, expected, describe(value));
}

const FITTERS: { readonly [Name in ContractName]: (data: JsonValue) => RowsOf<Name> | Misfit } = {
  XY: (data) => eachRow(data, xyMisfit),
  NV: (data) => eachRow(data, nameValueMisfit),
  ROWS: (data) => eachRow(data, () => undefined),
  KV: fitKeyValue,
  TS: fitTime,
  NONE: () => null,
};

function eachRow<Row>(
  data: JsonValue,
  misfitOf: (row: JsonObject, path: string) => Misfit | undefined,
): readonly Row[] | Misfit {
  const rows = isJsonObject(data) ? [data] : data;
  if (!Array.isArray(rows)) return misfit('', 'a list of rows', data);
  if (rows.length > MAX_ROWS) return new Misfit('', `at most ${MAX_ROWS} rows`, `${rows.length} rows`);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as JsonValue;
    if (!isJsonObject(row)) return misfit(`[${i}]`, 'an object', row);
    const wrong = misfitOf(row, `[${i}]`);
    if (wrong) return wrong;
  }
  return rows as unknown as readonly Row[];
}

function xyMisfit(row: JsonObject, path: string): Misfit | undefined {
  const { x, y, s } = row;
  if (typeof x !== 'string' && typeof x !== 'number') return misfit(`${path}.x`, 'a string, a number or a time', x);
  if (!isNumberOrNull(y)) return misfit(`${path}.y`, 'a number or null', y);
  if (s !== undefined && typeof s !== 'string') return misfit(`${path}.s`, 'a string', s);
  return undefined;
}

function nameValueMisfit(row: JsonObject, path: string): Misfit | undefined {
  if (typeof row['name'] !== 'string') return misfit(`${path}.name`, 'a string', row['name']);
  if (!isNumberOrNull(row['value'])) return misfit(`${path}.value`, 'a number or null', row['value']);
  return undefined;
}

function fitKeyValue(data: JsonValue): KeyValueRow | Misfit {
  const row = Array.isArray(data) && data.length === 1 ? (data[0] as JsonValue) : data;
  if (typeof row === 'number' || typeof row === 'string') return { value: row };
  if (!isJsonObject(row)) return misfit('', 'one object with a value, or a bare number', row);
  const { value, label, unit, compare, target, status } = row;
  if (typeof value !== 'string' && !isNumberOrNull(value)) return misfit('.value', 'a number, a string or null', value);
  for (const [name, text] of [
    ['label', label],
    ['unit', unit],
  ] as const) {
    if (text !== undefined && typeof text !== 'string') return misfit(`.${name}`, 'a string', text);
  }
  for (const [name, number] of [
    ['compare', compare],
    ['target', target],
  ] as const) {
    if (number !== undefined && typeof number !== 'number') return misfit(`.${name}`, 'a number', number);
  }
  if (status !== undefined && status !== 'good' && status !== 'warn' && status !== 'alert') {
    return misfit('.status', '"good", "warn" or "alert"', status);
  }
  return row as unknown as KeyValueRow;
}

function fitTime(data: JsonValue): TimeColumns | Misfit {
  if (Array.isArray(data)) return timeColumnsOfRows(data);
  if (!isJsonObject(data)) return misfit('', 'columns { t: […], <series>: […] } or rows with t', data);
  const t = data['t'];
  if (typeof t === 'number') return timeColumnsOfRows([data]);
  if (!Array.isArray(t)) return misfit('.t', 'a list of times in ms since 1970', t);
  if (t.length > MAX_ROWS) return new Misfit('.t', `at most ${MAX_ROWS} times`, `${t.length} times`);
  const bad = t.findIndex((time) => typeof time !== 'number');
  if (bad >= 0) return misfit(`.t[${bad}]`, 'a time in ms since 1970', t[bad]);
  const names = Object.keys(data);
  if (names.length - 1 > MAX_SERIES) return tooManySeries(names.length - 1);
  for (const name of names) {
    const column = data[name];
    if (!Array.isArray(column)) return misfit(`.${name}`, 'a list of numbers', column);
    if (column.length !== t.length)
      return new Misfit(`.${name}`, `${t.length} values, as many as t`, `${column.length} values`);
    const wrong = column.findIndex((value) => !isNumberOrNull(value));
    if (wrong >= 0) return misfit(`.${name}[${wrong}]`, 'a number or null', column[wrong]);
  }
  return data as unknown as TimeColumns;
}

/**
 * Rows `{ t, a, b … }` as columns; a row without a field has null there.
 * Text fields are left out, since a time series has only numbers.
 */
function timeColumnsOfRows(rows: JsonValue[]): TimeColumns | Misfit {
  if (rows.length > MAX_ROWS) return new Misfit('', `at most ${MAX_ROWS} rows`, `${rows.length} rows`);
  const columns = new Map<string, (number | null)[]>([['t', []]]);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as JsonValue;
    if (!isJsonObject(row)) return misfit(`[${i}]`, 'an object with t', row);
    if (typeof row['t'] !== 'number') return misfit(`[${i}].t`, 'a time in ms since 1970', row['t']);
    for (const name of Object.keys(row)) {
      if (isNumberOrNull(row[name]) && !columns.has(name)) columns.set(name, new Array<null>(i).fill(null));
    }
    if (columns.size - 1 > MAX_SERIES) return tooManySeries(columns.size - 1);
    for (const [name, column] of columns) {
      const value = Object.hasOwn(row, name) ? row[name] : null;
      column.push(isNumberOrNull(value) ? value : null);
    }
  }
  // fromEntries defines properties, so that a series called `__proto__` is only a series.
  return Object.fromEntries(columns) as unknown as TimeColumns;
}

function tooManySeries(count: number): Misfit {
  return new Misfit('', `at most ${MAX_SERIES} series`, `${count} or more`);
}

function isNumberOrNull(value: JsonValue | undefined): value is number | null {
  return typeof value === 'number' || value === null;
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  const text =
    typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'a list' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
