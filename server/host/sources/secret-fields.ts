import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { isCommonSetting } from '@tidewall/sources';

/** Stands for a secret in what is told, and in what is sent for one that stays as it is. */
export const UNCHANGED = '(unchanged)';

/** A secret, where it stands: the names of members and numbers of items that lead to it. */
type Place = readonly (string | number)[];

/** The settings with something else in the place of each secret. @param change what stands there, of what stood there */
export function mapSecrets(
  settings: JsonObject,
  secrets: readonly string[],
  change: (value: JsonValue, place: Place) => JsonValue,
): JsonObject {
  const walk = (value: JsonValue, place: Place): JsonValue => {
    // A step or a parameter may be called like a secret of some kind.
    if (place.length === 1 && isCommonSetting(String(place[0]))) return value;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...place, index]));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const at = [...place, name];
        const isSecret = secrets.includes(name) && member !== null && !(place.length === 0 && isCommonSetting(name));
        return [name, isSecret ? change(member as JsonValue, at) : walk(member as JsonValue, at)];
      }),
    );
  };
  return walk(settings, []) as JsonObject;
}

/** The settings as they are told to people: no secret is in them. */
export function maskSecrets(settings: JsonObject, secrets: readonly string[]): JsonObject {
  return mapSecrets(settings, secrets, () => UNCHANGED);
}

/**
 * Settings that were sent, with the secrets that they leave as they are.
 *
 * @throws TidewallError bad_request naming a secret that there is none of yet
 */
export function unmaskSecrets(
  settings: JsonObject,
  secrets: readonly string[],
  before: JsonObject | undefined,
): JsonObject {
  return mapSecrets(settings, secrets, (value, place) => {
    if (value !== UNCHANGED) return value;
    const known = before === undefined ? undefined : valueAt(before, place);
    if (known !== undefined) return known;
    throw new TidewallError('bad_request', `${place.join('.')} must be given: there is none that could stay unchanged`);
  });
}

function valueAt(value: JsonValue, place: Place): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const step of place) {
    if (Array.isArray(at) && typeof step === 'number') at = at[step];
    else if (at !== undefined && isJsonObject(at) && Object.hasOwn(at as JsonObject, step))
      at = (at as JsonObject)[String(step)];
    else return undefined;
  }
  return at;
}
