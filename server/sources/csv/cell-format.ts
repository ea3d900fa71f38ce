import type { JsonValue } from '@tidewall/base';
import { booleanOf, type CellType, isNotFinite, numberOf } from '../cell.ts';
import { TimeZone } from './time-zone.ts';
import { isoText, isoTime, type WallTime } from './wall-time.ts';

export interface CellFormatOptions {
  /** What stands before a number's fraction. */
  readonly decimal: '.' | ',';
  /** What stands between its thousands; absent: nothing does. */
  readonly thousands?: string | undefined;
  /** What is written for nothing, beside nothing at all. */
  readonly nulls: readonly string[];
  /** The zone of times that say none; absent: such a time stays without one. */
  readonly timezone?: string | undefined;
}

/** What is in a cell for which there is no number: counted, and null. */
export const NOT_FINITE = Number.NaN;

/** How the cells of a file are written. */
export class CellFormat {
  readonly #nulls: ReadonlySet<string>;
  readonly #readNumber: (cell: string) => number | undefined;
  readonly #zone: TimeZone | undefined;
  readonly #greenwich = new TimeZone('UTC');

  constructor({ decimal, thousands, nulls, timezone }: CellFormatOptions) {
    this.#nulls = new Set(nulls);
    this.#readNumber = decimal === '.' && thousands === undefined ? numberOf : foreignNumber(decimal, thousands);
    this.#zone = timezone === undefined ? undefined : new TimeZone(timezone);
  }

  isEmpty(cell: string): boolean {
    if (cell === '') return true;
    const first = cell.charCodeAt(0);
    // Most cells begin with something.
    const text = first > 0x20 && first < 0x7f ? cell : cell.trim();
    return text === '' || (this.#nulls.size > 0 && this.#nulls.has(text.trim()));
  }

  /** What a cell says by its looks; undefined when it is empty. */
  typeOf(cell: string): CellType | 'not finite' | undefined {
    if (this.isEmpty(cell)) return undefined;
    if (this.#readNumber(cell) !== undefined) return 'number';
    if (isNotFinite(cell)) return 'not finite';
    if (booleanOf(cell) !== undefined) return 'boolean';
    return isoTime(cell.trim()) === undefined ? 'text' : 'date-time';
  }

  /** A cell as a value of that type; null when it is empty, undefined when it is not of it, `NOT_FINITE` for no number. */
  value(cell: string, type: CellType): JsonValue | undefined {
    if (this.isEmpty(cell)) return null;
    switch (type) {
      case 'number':
        return this.number(cell);
      case 'boolean':
        return booleanOf(cell);
      case 'date-time':
        return this.time(cell, isoTime);
      case 'text':
        return cell;
    }
  }

  number(cell: string): number | undefined {
    return this.#readNumber(cell) ?? (isNotFinite(cell) ? NOT_FINITE : undefined);
  }

  /** A time as text; one that ISO 8601 knows and whose zone nobody knows stays as it is written. */
  time(cell: string, read: (text: string) => WallTime | undefined): string | undefined {
    const text = cell.trim();
    const time = read(text);
    if (time === undefined) return undefined;
    const isComplete = time.isDate || time.offsetMinutes !== undefined || this.#zone === undefined;
    if (isComplete) return read === isoTime ? text : isoText(time);
    const offsetMinutes = this.#zone?.offsetMinutes(this.#zone.utcOf(time.wallMs)) ?? 0;
    return isoText({ ...time, wallMs: this.#utcOf(time) + offsetMinutes * 60_000, offsetMinutes });
  }

  /** ms since 1970 of a time; of one without a zone in that of the format, else in Greenwich. */
  timeMs(cell: string, read: (text: string) => WallTime | undefined): number | undefined {
    const time = read(cell.trim());
    return time === undefined ? undefined : this.#utcOf(time);
  }

  #utcOf({ wallMs, offsetMinutes }: WallTime): number {
    return offsetMinutes === undefined
      ? (this.#zone ?? this.#greenwich).utcOf(wallMs)
      : wallMs - offsetMinutes * 60_000;
  }
}

/** A pattern that nothing fits. */
const NOWHERE = '$.';

/** A reader of numbers that are not written as JSON writes them. */
function foreignNumber(decimal: '.' | ',', thousands: string | undefined): (cell: string) => number | undefined {
  // A space may be one that no line breaks at, or a narrow one.
  const between = thousands === undefined ? NOWHERE : thousands === ' ' ? '[ \\u00a0\\u202f]' : `\\${thousands}`;
  const grouped = new RegExp(`^([+-]?\\d{1,3}(?:${between}\\d{3})+)((?:\\${decimal}\\d+)?)$`);
  const separators = new RegExp(between, 'g');
  return (cell) => {
    const text = cell.trim();
    const match = grouped.exec(text);
    const plain = match === null ? text : (match[1] ?? '').replace(separators, '') + (match[2] ?? '');
    if (decimal === '.') return numberOf(plain);
    return plain.includes('.') ? undefined : numberOf(plain.replace(decimal, '.'));
  };
}
