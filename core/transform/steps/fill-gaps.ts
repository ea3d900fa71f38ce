import type { JsonObject, JsonValue } from '@tidewall/base';
import { setOwn } from '@tidewall/base';
import type { TransformOf } from '../schema.ts';

export type FillWith = NonNullable<TransformOf<'fill'>['with']>;

/**
 * Fills the empty fields of rows that follow each other; the rows are changed, and so must be the caller's own. What has
 * no value before it (or, for a line, none after it) becomes null.
 *
 * @param places where each row stands, for a line between two
 */
export function fillGaps(
  rows: readonly JsonObject[],
  fields: readonly string[],
  fillWith: FillWith,
  places: readonly number[],
): void {
  for (const field of fields) {
    /** The newest row with a value. */
    let before = -1;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as JsonObject;
      if (!isEmpty(row, field)) {
        if (fillWith === 'linear') drawLine(rows, field, places, before, at);
        before = at;
        continue;
      }
      const last = before < 0 ? null : ((rows[before] as JsonObject)[field] as JsonValue);
      setOwn(row, field, fillWith === 'zero' ? 0 : fillWith === 'previous' ? last : null);
    }
  }
}

function drawLine(
  rows: readonly JsonObject[],
  field: string,
  places: readonly number[],
  from: number,
  to: number,
): void {
  const start = rows[from]?.[field];
  const end = rows[to]?.[field];
  if (typeof start !== 'number' || typeof end !== 'number') return;
  const [left, right] = [places[from] as number, places[to] as number];
  for (let at = from + 1; at < to; at++) {
    const part = right === left ? 0 : ((places[at] as number) - left) / (right - left);
    setOwn(rows[at] as JsonObject, field, start + (end - start) * part);
  }
}

function isEmpty(row: JsonObject, field: string): boolean {
  return !Object.hasOwn(row, field) || row[field] === null;
}
