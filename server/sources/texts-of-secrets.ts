import { isJsonObject, type JsonValue } from '@tidewall/base';

/**
 * What a far end may not be repeated with when it says why it refuses us: all texts in settings that are secret, by words
 * too (of `Bearer abc` also `abc`), and what an address says beside its host and path.
 */
export function textsOfSecrets(url: string, ...settings: readonly (JsonValue | undefined)[]): readonly string[] {
  const { username, password, searchParams } = new URL(url);
  const texts = [username, password, ...searchParams.values(), ...settings.flatMap(textsIn)];
  return texts.flatMap((text) => [text, ...text.split(/[\s=;,]+/)]);
}

function textsIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isJsonObject(value) ? Object.values(value).flatMap((each) => textsIn(each as JsonValue)) : [];
}
