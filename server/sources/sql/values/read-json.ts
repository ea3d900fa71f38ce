import { type JsonValue, parseJson } from '@tidewall/base';

/** A text as the JSON that a database keeps in it; the text itself where it nests too deep. */
export function readJson(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
