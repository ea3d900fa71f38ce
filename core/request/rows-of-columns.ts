import type { JsonObject, JsonValue } from '@tidewall/base';

/** Columns as rows: what a column lacks is null. @param times the column of the times */
export function rowsOfColumns(columns: JsonObject, times: readonly JsonValue[]): readonly JsonObject[] {
  const named = Object.entries(columns).flatMap(([name, each]) => (Array.isArray(each) ? [[name, each] as const] : []));
  return times.map((_, index) => Object.fromEntries(named.map(([name, each]) => [name, each[index] ?? null])));
}
