import type { JsonValue } from '@tidewall/base';

const WHOLE = /^-?\d{1,20}$/;
/** How the JSON form of protobuf writes what JSON cannot. */
const WORDS: ReadonlyMap<JsonValue | undefined, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A whole number of 64 bits, which JSON has as a text or as a number; undefined: it is none. */
export function readInt64(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && WHOLE.test(value) ? Number(value) : undefined;
}

/** A double, which may be written as a text too; undefined: it is none. */
export function readDouble(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  const word = WORDS.get(value);
  if (word !== undefined) return word;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isNaN(number) ? undefined : number;
}

/** Nanoseconds since 1970 as milliseconds, as exact as a double is; undefined: it is no time. */
export function nanosToMs(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value / 1e6 : undefined;
  if (typeof value !== 'string' || !WHOLE.test(value)) return undefined;
  // Apart, since all nineteen digits are more than a double has.
  const cut = Math.max(0, value.length - 6);
  if (value.startsWith('-')) return Number(value) / 1e6;
  return Number(value.slice(0, cut) || '0') + Number(value.slice(cut)) / 1e6;
}
