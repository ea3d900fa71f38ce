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
      const value = data[i] as JsonValue;
      // Nearly all of it is numbers that can be said, and texts: no call for each of them.
      if (typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'object') continue;
      const place = unsayableNumber(value);
      if (place !== undefined) return `[${i}]${place}`;
    }
    return undefined;
  }
  for (const name in data) {
    const value = data[name] as JsonValue;
    if (typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'object') continue;
    const place = unsayableNumber(value);
    if (place !== undefined) return `.${name}${place}`;
  }
  return undefined;
}
