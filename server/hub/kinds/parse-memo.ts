import type { JsonValue } from '@tidewall/base';

/** Texts that one flush of many views with filters looks at, each parsed once. */
const MOST_TEXTS = 256;
/** What they may have together, in UTF-16 units: the values of many large ones would be most of a server's memory. */
const MOST_LENGTH = 256 * 1024;

/** Parses JSON text, and remembers what it parsed last: a hundred filters on one entry look at one value. Never change it. */
export function createParseMemo(): (text: string) => JsonValue {
  let parsed = new Map<string, JsonValue>();
  let length = 0;
  return (text) => {
    let value = parsed.get(text);
    if (value === undefined) {
      value = JSON.parse(text) as JsonValue;
      length += text.length;
      if (parsed.size >= MOST_TEXTS || length > MOST_LENGTH) {
        parsed = new Map();
        length = text.length;
      }
      parsed.set(text, value);
    }
    return value;
  };
}
