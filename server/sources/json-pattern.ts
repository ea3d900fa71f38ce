import { isJsonObject, type JsonValue } from '@tidewall/base';

/**
 * Whether a value has everything that a pattern has: objects have at least its members, everything else is the same. So
 * `{"type": "heartCheck"}` is matched by that and anything more.
 */
export function matchesJson(pattern: JsonValue, value: JsonValue | undefined): boolean {
  if (value === undefined) return false;
  if (isJsonObject(pattern)) {
    if (!isJsonObject(value)) return false;
    return Object.entries(pattern).every(
      ([name, member]) => Object.hasOwn(value, name) && matchesJson(member as JsonValue, value[name]),
    );
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) return false;
    return pattern.every((item, index) => matchesJson(item, value[index]));
  }
  return pattern === value;
}
