import type { JsonValue } from '@tidewall/base';

/**
 * Where data has a number that JSON cannot say, as `.a[3]`; undefined when it has none. `1e400` is JSON, and yet too large
 * for a double: it would be written as null, which in a merge takes a member away.
 */
export function unsayableNumber(data: JsonValue): string | undefined {
  if (typeof data === 'number') return Number.isFinite(data) ? undefined : '';
  if (typeof data !== 'object' || data === null) return undefined;
  if (Array.isArray(data)) {
    for (let i = 0; i < data.length; i++) {
      const place = unsayableNumber(data[i] as JsonValue);
      if (place !== undefined) return `[${i}]${place}`;
    }
    return undefined;
  }
  for (const name of Object.keys(data)) {
    const place = unsayableNumber(data[name] as JsonValue);
    if (place !== undefined) return `.${name}${place}`;
  }
  return undefined;
}
