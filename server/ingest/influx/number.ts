/** A number of so many digits, with a point or without one, is a quotient of two doubles that hold it exactly. */
export const SHORT_DIGITS = 15;

/** Powers of ten that doubles hold exactly, as far as they are needed. */
export const TENTH_POWERS: readonly number[] = Array.from(
  { length: SHORT_DIGITS + 1 },
  (_, exponent) => 10 ** exponent,
);

/** Longer words are no numbers that anybody writes, and would be slow to find out about. */
const MOST_DIGITS = 400;
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?\d+i$/;
const UNSIGNED = /^\d+u$/;
const INT64 = 2n ** 63n;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** The number of a field's value: a double, `12i` or `12u`; undefined when it is none that has 64 bits. */
export function parseNumber(word: string): number | undefined {
  if (word.length > MOST_DIGITS) return undefined;
  if (FLOAT.test(word)) {
    const value = Number(word);
    return Number.isFinite(value) ? value : undefined;
  }
  const digits = word.slice(0, -1);
  if (INTEGER.test(word)) {
    const value = BigInt(digits);
    return value >= -INT64 && value < INT64 ? Number(value) : undefined;
  }
  return UNSIGNED.test(word) && BigInt(digits) < 2n * INT64 ? Number(digits) : undefined;
}

/** What is true or false; undefined: neither. */
export function parseBoolean(word: string): boolean | undefined {
  return BOOLEANS.get(word);
}
