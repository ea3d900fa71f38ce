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

/** What of the settings of a kind must be known to let a secret stay as it is. */
export interface SecretRules {
  readonly secrets: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Settings that were sent, with the secrets that they leave as they are. An item of a list has the secrets of the one that
 * is otherwise the same.
 *
 * @throws TidewallError bad_request naming a secret that there is none of yet, or that would go to another address
 */
export function unmaskSecrets(
  settings: JsonObject,
  { secrets, addresses }: SecretRules,
  before: JsonObject | undefined,
): JsonObject {
  const kept: string[] = [];
  const complete = mapSecrets(settings, secrets, (value, place) => {
    if (value !== UNCHANGED) return value;
    const known = before === undefined ? undefined : counterpart(settings, before, place, secrets);
    if (known === undefined) {
      const says = 'must be given: there is none that could stay unchanged';
      throw new TidewallError('bad_request', `${place.join('.')} ${says}`);
    }
    kept.push(place.join('.'));
    return known;
  });
  const moved = before === undefined || kept.length === 0 ? undefined : movedAddress(before, complete, addresses);
  if (moved !== undefined) {
    const says = `must be given again: with another ${moved} it would go to another address than before`;
    throw new TidewallError('bad_request', `${kept[0]} ${says}`);
  }
  return complete;
}

/** What stood before where a place leads to; undefined when that was nothing. */
function counterpart(
  settings: JsonObject,
  before: JsonObject,
  place: Place,
  secrets: readonly string[],
): JsonValue | undefined {
  let sent: JsonValue | undefined = settings;
  let was: JsonValue | undefined = before;
  for (const step of place) {
    if (Array.isArray(sent) && Array.isArray(was) && typeof step === 'number') {
      const item = sent[step] as JsonValue;
      const same = shape(item, secrets);
      was = was.find((each) => shape(each, secrets) === same);
      sent = item;
    } else if (isJsonObject(sent as JsonValue) && was !== undefined && isJsonObject(was)) {
      sent = (sent as JsonObject)[step];
      was = Object.hasOwn(was as JsonObject, step) ? (was as JsonObject)[step] : undefined;
    } else return undefined;
  }
  return was;
}

/** Of an item: everything that is no secret. */
function shape(item: JsonValue, secrets: readonly string[]): string {
  return JSON.stringify(maskSecrets({ item }, secrets));
}

/** The name of an address that is another one than before; undefined when all are the same. */
function movedAddress(before: JsonObject, after: JsonObject, addresses: readonly string[]): string | undefined {
  const [was, is] = [addressesIn(before, addresses), addressesIn(after, addresses)];
  for (const place of new Set([...was.keys(), ...is.keys()])) if (was.get(place) !== is.get(place)) return place;
  return undefined;
}

/** By their places. Of a URL its server counts: another path on it is no other address. */
function addressesIn(settings: JsonObject, addresses: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  mapSecrets(settings, addresses, (value, place) => {
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    found.set(place.join('.'), url?.host ? `${url.protocol}//${url.host}` : JSON.stringify(value));
    return value;
  });
  return found;
}
