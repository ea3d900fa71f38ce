import type { JsonValue } from '@tidewall/base';

/**
 * The one order of values: numbers by size, then everything else by the UTF-16 code units of its text. Null and what is
 * missing have no place in it; see `compareKeys`.
 */
export function compareValues(a: JsonValue, b: JsonValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // A number beside text must not be compared as text: 2 < 10 < "1x" < "2" would be a circle, and sorting by it chance.
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  const [left, right] = [textOf(a), textOf(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** As `compareValues`, in either direction; null and what is missing come last in both. */
export function compareKeys(a: JsonValue | undefined, b: JsonValue | undefined, descending: boolean): number {
  const [leftIsNothing, rightIsNothing] = [a ?? null, b ?? null].map((value) => value === null);
  if (leftIsNothing || rightIsNothing) return Number(leftIsNothing) - Number(rightIsNothing);
  return (descending ? -1 : 1) * compareValues(a as JsonValue, b as JsonValue);
}

/** What a value is compared by, made once: a record is its JSON, which would else be written at each comparison. */
export function sortKey(value: JsonValue | undefined): JsonValue | undefined {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
