import { isJsonObject, type JsonValue } from '@tidewall/base';

/** The value at a path of own members: `disk.0.used`; the empty path is the value itself. */
export function valueAt(value: JsonValue, path: string): JsonValue | undefined {
  return pathReader(path)(value);
}

/** A path as a function that reads it, for those who read it from many rows. */
export function pathReader(path: string): (value: JsonValue) => JsonValue | undefined {
  if (path === '') return (value) => value;
  if (!path.includes('.')) return (value) => member(value, path);
  const names = path.split('.');
  return (value) => {
    let at: JsonValue | undefined = value;
    for (const name of names) {
      at = member(at, name);
      if (at === undefined) return undefined;
    }
    return at;
  };
}

/** What a field that was read by a path is called: the last part of it. */
export function nameOfPath(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  // Number('') is 0 and Number('1e0') is 1: only plain digits number an item.
  if (Array.isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
