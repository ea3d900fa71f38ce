import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';

/**
 * A row as a point of a `series`: its time and its numbers; or why it is none.
 *
 * @param now the time of a row that names none; undefined: it must name one
 */
export function pointOfRow(row: JsonValue, now: number | undefined): JsonObject | string {
  if (!isJsonObject(row)) return 'is no row of named fields';
  const t = row['t'] ?? now;
  if (typeof t !== 'number') return 'has no t, its time in ms since 1970';
  const entries = Object.entries(row).filter(
    ([name, each]) => name !== 't' && (typeof each === 'number' || each === null),
  );
  if (entries.length === 0) return 'has no number beside its time';
  return Object.fromEntries([['t', t], ...entries]);
}
