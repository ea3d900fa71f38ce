import { type JsonValue, parseJson } from '@tidewall/base';
import { whereOfJson } from './read-json.ts';

/** The values of a text of JSON in lines, one by one; undefined for a line that is empty, or refused since it is no JSON. */
export function* jsonLines(text: string, refused: (reason: string) => void): Generator<JsonValue | undefined, void> {
  let number = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    number += 1;
    let value: JsonValue | undefined;
    if (line.trim() !== '') {
      try {
        value = parseJson(line);
      } catch (failure) {
        refused(`line ${number} is not JSON (${whereOfJson(failure)})`);
      }
    }
    yield value;
  }
}
