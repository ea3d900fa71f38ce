import type { JsonValue } from '@tidewall/base';

/** Texts that one flush of many views with filters looks at, each parsed once. */
const MOST_TEXTS = 256;

/** Parses JSON text, and remembers what it parsed last: a hundred filters on one entry look at one value. Never change it. */
export function createParseMemo(): (text: string) => JsonValue {
  let parsed = new Map<string, JsonValue>();
  return (text) => {
    let value = parsed.get(text);
    if (value === undefined) {
      value = JSON.parse(text) as JsonValue;
      if (parsed.size >= MOST_TEXTS) parsed = new Map();
      parsed.set(text, value);
    }
    return value;
  };
}
