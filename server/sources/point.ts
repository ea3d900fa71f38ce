import { type JsonObject, setOwn } from '@tidewall/base';

/** The numbers and nulls of a row as a point of a `series`; undefined when it has none. @param at its time, unless it has a `t` */
export function pointOf(row: JsonObject, at: number): JsonObject | undefined {
  const point: JsonObject = { t: typeof row['t'] === 'number' ? row['t'] : at };
  let fields = 0;
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (name === 't' || (typeof value !== 'number' && value !== null)) continue;
    setOwn(point, name, value);
    fields += 1;
  }
  return fields > 0 ? point : undefined;
}
