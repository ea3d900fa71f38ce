import type { JsonValue } from '@tidewall/base';

/** What a column of text holds. A date-time stays a string, since JSON has no other place for it. */
export const CELL_TYPES = ['number', 'boolean', 'date-time', 'text'] as const;
export type CellType = (typeof CELL_TYPES)[number];

/** As JSON writes numbers, with an optional plus and an optional first digit; no leading zeros: 007 is a name. */
const NUMBER = /^[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?$/;
const ISO_DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
/** More digits than a double keeps: such a number is an id (a card, an order, a phone), and must stay as written. */
const MAX_DIGITS = 15;

/** The number that a cell says, or undefined when it says none that survives being one. */
export function numberOf(cell: string): number | undefined {
  const text = cell.trim();
  if (!/\d/.test(text) || !NUMBER.test(text)) return undefined;
  const digits = (text.split(/[eE]/)[0] ?? '').replace(/\D/g, '').replace(/^0+/, '');
  const value = Number(text);
  return digits.length <= MAX_DIGITS && Number.isFinite(value) ? value : undefined;
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

/**
 * Finds out the type that all cells of a column have: number, boolean or date-time when every cell that is not empty is
 * one, otherwise text. A column of empty cells is text.
 */
export class CellTypeGuess {
  #candidates: readonly CellType[] = ['number', 'boolean', 'date-time'];
  #seen = false;

  add(cell: string): void {
    if (this.#candidates.length === 0 || isEmpty(cell)) return;
    this.#seen = true;
    this.#candidates = this.#candidates.filter((type) => cellValue(cell, type) !== undefined);
  }

  /** The type of the cells so far. */
  get type(): CellType {
    return (this.#seen && this.#candidates[0]) || 'text';
  }
}

/** A cell as a value of its column's type; null when it is empty, undefined when it is not of that type. */
export function cellValue(cell: string, type: CellType): JsonValue | undefined {
  if (isEmpty(cell)) return null;
  switch (type) {
    case 'number':
      return numberOf(cell);
    case 'boolean':
      return booleanOf(cell);
    case 'date-time':
      return isDateTime(cell) ? cell.trim() : undefined;
    case 'text':
      return cell;
  }
}

function isEmpty(cell: string): boolean {
  return cell.trim() === '';
}
