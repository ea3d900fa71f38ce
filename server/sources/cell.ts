/** What a column of text holds. A date-time stays a string, since JSON has no other place for it. */
export const CELL_TYPES = ['number', 'boolean', 'date-time', 'text'] as const;
export type CellType = (typeof CELL_TYPES)[number];

/** Excel's and everybody else's words where there is no number. */
const NOT_FINITE = /^([+-]?(nan|inf|infinity|∞)|#(n\/a|div\/0!|num!|value!|ref!|null!|name\?))$/i;
const ISO_DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
/** More digits than a double keeps: such a number is an id (a card, an order, a phone), and must stay as written. */
const MAX_DIGITS = 15;

/**
 * The number that a cell says, or undefined when it says none that survives being one. It is written as JSON writes
 * numbers, with an optional plus and an optional first digit; no leading zeros: 007 is a name.
 */
export function numberOf(cell: string): number | undefined {
  // By its characters: this is what reading a file of numbers takes its time for.
  const text = hasSpaceAround(cell) ? cell.trim() : cell;
  let at = isSign(text.charCodeAt(0)) ? 1 : 0;
  const whole = at;
  at = skipDigits(text, at);
  const wholeDigits = at - whole;
  if (wholeDigits > 1 && text.charCodeAt(whole) === ZERO) return undefined;
  let digits = text.charCodeAt(whole) === ZERO ? 0 : wholeDigits;
  if (text.charCodeAt(at) === POINT) {
    const fraction = at + 1;
    at = skipDigits(text, fraction);
    if (at === fraction) return undefined;
    digits += at - (digits > 0 ? fraction : skipZeros(text, fraction));
  } else if (wholeDigits === 0) return undefined;
  if ((text.charCodeAt(at) | 0x20) === LETTER_E) {
    const exponent = isSign(text.charCodeAt(at + 1)) ? at + 2 : at + 1;
    at = skipDigits(text, exponent);
    if (at === exponent) return undefined;
  }
  if (at !== text.length || digits > MAX_DIGITS) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Whether a cell says that there is no number: NaN, an infinite one, an error of Excel. */
export function isNotFinite(cell: string): boolean {
  return cell.length <= 12 && NOT_FINITE.test(cell.trim());
}

const ZERO = 0x30;
const POINT = 0x2e;
const LETTER_E = 0x65;

function isSign(code: number): boolean {
  return code === 0x2b || code === 0x2d;
}

function hasSpaceAround(cell: string): boolean {
  return isSpace(cell.charCodeAt(0)) || isSpace(cell.charCodeAt(cell.length - 1));
}

/** Also what may be a space of another script; NaN, of an empty cell, is none. */
function isSpace(code: number): boolean {
  return code <= 0x20 || code >= 0x80;
}

function skipDigits(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= 0x39; code = text.charCodeAt(at)) at += 1;
  return at;
}

function skipZeros(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === ZERO) at += 1;
  return at;
}

/** `true` and `false` in any case; not 0 and 1, which are numbers. */
export function booleanOf(cell: string): boolean | undefined {
  const text = cell.trim().toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Whether a cell is a date, or a date and a time, as ISO 8601 and RFC 3339 write them. */
export function isDateTime(cell: string): boolean {
  return ISO_DATE_TIME.test(cell.trim());
}
