import { isJsonObject, type JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { CEL_LIMITS } from '../limits.ts';
import type { Work } from '../work.ts';

/** The failure of an expression at a value that it cannot take; the step adds its own place and the row. */
export function badValue(why: string): TidewallError {
  return new TidewallError('shape_mismatch', why);
}

/** A value as a message shows it. */
export function shown(value: JsonValue): string {
  const text = Array.isArray(value) ? 'a list' : isJsonObject(value) ? 'a map' : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

/** A number that JSON can say: division by 0 and what grows too large are null. */
export function numberMade(value: number): JsonValue {
  return Number.isFinite(value) ? value : null;
}

/** @throws TidewallError limit_exceeded when an expression makes a longer text than may be */
export function textMade(text: string, work: Work): string {
  checkText(text.length, work);
  return text;
}

/** As `textMade`, before the text is made. */
export function checkText(length: number, work: Work): void {
  if (length > CEL_LIMITS.madeText) {
    throw new TidewallError('limit_exceeded', `makes a text of ${length} letters, at most ${CEL_LIMITS.madeText}`, {
      detail: { limit: 'cel.madeText' },
    });
  }
  work.charge(length);
}

/** @throws TidewallError limit_exceeded when an expression makes, or walks, a longer list than may be */
export function checkItems(count: number, work: Work): void {
  if (count > CEL_LIMITS.madeItems) {
    throw new TidewallError('limit_exceeded', `goes over ${count} items, at most ${CEL_LIMITS.madeItems}`, {
      detail: { limit: 'cel.madeItems' },
    });
  }
  work.charge(count);
}

/** Whether something holds; null, as of a field that is missing, does not. */
export function truth(value: JsonValue, of: string): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  throw badValue(`${of} takes true or false, got ${shown(value)}`);
}

/** Whether two values are the same JSON. */
export function same(a: JsonValue, b: JsonValue, work: Work): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    work.charge(a.length);
    return a.every((item, at) => same(item, b[at] as JsonValue, work));
  }
  const names = Object.keys(a);
  work.charge(names.length);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && same(a[name] as JsonValue, b[name] as JsonValue, work));
}

/** An own member; null when it is not there, or there is nothing that could have any. */
export function memberOf(value: JsonValue, name: string): JsonValue {
  return isJsonObject(value) && Object.hasOwn(value, name) ? (value[name] as JsonValue) : null;
}
