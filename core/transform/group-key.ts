import type { JsonValue } from '@tidewall/base';

/**
 * A text that is the same for two values exactly when they are the same JSON: 1 is not "1". Null and what is missing
 * are one; of two objects, the order of their members counts.
 */
export function groupKey(values: readonly (JsonValue | undefined)[]): string {
  if (values.length === 1) return keyOf(values[0]);
  // The length in front keeps ["a", "b"] apart from what only looks like it when joined.
  return values.map(keyOf).reduce((joined, key) => `${joined}${key.length}:${key}`, '');
}

function keyOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return `"${value}`;
  if (typeof value === 'number') return `${value}`;
  return value === undefined ? 'null' : JSON.stringify(value);
}
