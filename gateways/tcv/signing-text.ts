import type { JsonObject, JsonValue } from '@tidewall/base';

/** The field that holds the signature of all others. */
export const SIGNATURE_FIELD = 'TcvSignature';

/**
 * What the body of a Connect signs: every field but the signature, by name in the order of code units, as `name=value`
 * with `&` between. Undefined: a field holds what no two programs write in the same way, a list or an object.
 */
export function tcvSigningText(body: JsonObject): string | undefined {
  const fields = Object.keys(body)
    .filter((name) => name !== SIGNATURE_FIELD)
    // By code units: this is what `sort` does without a comparison.
    .sort()
    .map((name) => [name, body[name]] as const);
  if (fields.some(([, value]) => typeof value === 'object' && value !== null)) return undefined;
  return fields.map(([name, value]) => `${name}=${String(value satisfies JsonValue | undefined)}`).join('&');
}
