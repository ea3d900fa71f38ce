import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { TRANSFORM_LIMITS } from './limits.ts';
import type { Work } from './work.ts';

/** A time series by columns: `t` and one list of the same length for each series. */
export type Columns = { [name: string]: JsonValue[] };

/** What a step does to rows; it must not change them. */
export type RowsToRows = (rows: readonly JsonValue[], work: Work) => JsonValue[];

/**
 * What a step makes of one row that comes alone: the step means something for a `row` by itself, takes it as a `list`
 * of one, or `skip`s it.
 */
export type Alone = 'row' | 'list' | 'skip';

/**
 * A step over rows as one over all shapes that data has: a list of rows; columns, which come out as columns again as long
 * as every row still has a time; one row; and anything else, which is handed on.
 *
 * @throws TidewallError limit_exceeded when the step makes more rows than may be
 */
export function overRows(step: RowsToRows, alone: Alone): (data: JsonValue, work: Work) => JsonValue {
  return (data, work) => {
    if (Array.isArray(data)) return bounded(step(data, work));
    if (!isJsonObject(data)) return data;
    if (isColumns(data)) {
      const names = Object.keys(data);
      return columnsOf(bounded(step(rowsOf(data, work), work)), names, work);
    }
    if (alone === 'skip') return data;
    const made = bounded(step([data], work));
    return alone === 'row' && made.length === 1 ? (made[0] as JsonValue) : made;
  };
}

/** Whether data is a time series by columns, and not one row that happens to hold lists. */
export function isColumns(data: JsonValue): data is Columns {
  if (!isJsonObject(data) || !Object.hasOwn(data, 't')) return false;
  const { t } = data;
  if (!Array.isArray(t) || (t.length > 0 && typeof t[0] !== 'number')) return false;
  return Object.keys(data).every((name) => {
    const column = data[name];
    return Array.isArray(column) && column.length === t.length;
  });
}

/** Columns as rows. Nothing but the lists themselves is copied. */
export function rowsOf(columns: Columns, work: Work): JsonObject[] {
  const entries = Object.entries(columns);
  const length = columns['t']?.length ?? 0;
  work.charge(length * (entries.length * 2 + 4));
  return Array.from({ length }, (_, at) => {
    const row: JsonObject = {};
    for (const [name, column] of entries) setOwn(row, name, column[at] as JsonValue);
    return row;
  });
}

/** The rows of whatever holds some: a list, columns, or one row; a bare value is a list of it. */
export function rowsOfAny(data: JsonValue, work: Work): readonly JsonValue[] {
  if (Array.isArray(data)) return data;
  return isColumns(data) ? rowsOf(data, work) : [data];
}

/** Rows as columns, null where a row has no such field; the rows themselves when one of them has no time. */
function columnsOf(rows: JsonValue[], names: readonly string[], work: Work): JsonValue {
  const columns = new Map<string, JsonValue[]>(rows.length === 0 ? names.map((name) => [name, []]) : []);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as JsonValue;
    if (!isJsonObject(row) || typeof row['t'] !== 'number') return rows;
    for (const name of Object.keys(row)) {
      if (!columns.has(name)) columns.set(name, new Array<null>(at).fill(null));
    }
    if (columns.size - 1 > TRANSFORM_LIMITS.columns) throw tooManyColumns(columns.size - 1);
    work.charge(columns.size);
    for (const [name, column] of columns) column.push(Object.hasOwn(row, name) ? (row[name] as JsonValue) : null);
  }
  // fromEntries defines properties, so that a series called `__proto__` is only a series.
  return Object.fromEntries(columns);
}

/** The rows that a step made. @throws TidewallError limit_exceeded when there are more than may be */
export function bounded(rows: JsonValue[]): JsonValue[] {
  if (rows.length > TRANSFORM_LIMITS.rows) throw tooManyRows(rows.length);
  return rows;
}

/** The refusal of a step that would make more rows than may be. */
export function tooManyRows(count: number): TidewallError {
  return new TidewallError('limit_exceeded', `makes ${count} rows, at most ${TRANSFORM_LIMITS.rows}`, {
    detail: { limit: 'transforms.rows' },
  });
}

/** The refusal of a step that would make more columns than may be. */
export function tooManyColumns(count: number): TidewallError {
  return new TidewallError('limit_exceeded', `makes ${count} columns or more, at most ${TRANSFORM_LIMITS.columns}`, {
    detail: { limit: 'transforms.columns' },
  });
}
