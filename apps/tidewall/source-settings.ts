import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { CommandFailure } from './command-failure.ts';
import { parseValue } from './server-api.ts';

/**
 * Settings of `name=value` pairs over those of a file. A value is JSON where it can be, else a text; a name with dots leads
 * into an object.
 *
 * @throws CommandFailure naming a pair that is none
 */
export function settingsOf(pairs: readonly string[], file: JsonObject = {}): JsonObject {
  const settings = structuredClone(file);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new CommandFailure(`--set must be like path=orders.csv, got ${JSON.stringify(pair)}`, 2);
    put(settings, pair.slice(0, at).split('.'), parseValue(pair.slice(at + 1), 'either'));
  }
  return settings;
}

/** Puts a value where a path of names leads to. */
export function put(settings: JsonObject, path: readonly string[], value: JsonValue): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    setOwn(settings, name, value);
    return;
  }
  const inner = Object.hasOwn(settings, name) ? settings[name] : undefined;
  const next: JsonObject = inner !== undefined && isJsonObject(inner) ? inner : {};
  setOwn(settings, name, next);
  put(next, rest, value);
}
