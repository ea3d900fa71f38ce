import { isJsonObject, type JsonValue } from '@tidewall/base';
import { rowsOfColumns } from './rows-of-columns.ts';

/** Rows of a list; a value that is none is a row by itself. */
export function rowsOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [value];
}

/** As `rowsOf`, and columns that have a column `t` are rows too. */
export function rowsOfSeries(value: JsonValue): readonly JsonValue[] {
  return isJsonObject(value) && Array.isArray(value['t']) ? rowsOfColumns(value, value['t']) : rowsOf(value);
}
