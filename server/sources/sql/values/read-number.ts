import type { JsonValue } from '@tidewall/base';
import { NO_NUMBER } from './no-value.ts';

const NUMBER = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/;

/**
 * The number that a text of a database says; the text itself when it is beyond 2^53, where a JSON number is no longer
 * exact: such a number is mostly an id.
 */
export function readNumber(text: string): JsonValue | typeof NO_NUMBER {
  if (!NUMBER.test(text)) return NO_NUMBER;
  const value = Number(text);
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? text : value;
}

/** A floating-point number, of which every one is exact. */
export function readFloat(value: number): JsonValue | typeof NO_NUMBER {
  return Number.isFinite(value) ? value : NO_NUMBER;
}

/** A number of 32 bits by the shortest digits that mean it: 0.1, not 0.10000000149011612. */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
