import type { JsonValue } from '@tidewall/base';
import { booleanOf, type CellType, isNotFinite, numberOf } from '../cell.ts';
import { TimeZone } from '../sql/values/time-zone.ts';
import { isoText, isoTime } from '../wall-time.ts';
import type { ReadTime } from './time-format.ts';

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
  time(cell: string, read: ReadTime): string | undefined {
    const text = cell.trim();
    const time = read(text);
    if (time === undefined) return undefined;
    const zone = this.#zone;
    if (time.isDate || time.offsetMinutes !== undefined || zone === undefined) {
      return read === isoTime ? text : isoText(time);
    }
    const instant = zone.instantOf(time.wallMs);
    const wallMs = zone.localOf(instant);
    return isoText({ wallMs, offsetMinutes: (wallMs - instant) / MINUTE_MS, isDate: false });
  }

  /** A time as clocks show it in the zone of the format, else in Greenwich; as text that says no zone. */
  wallTime(cell: string, read: ReadTime): string | undefined {
    const time = read(cell.trim());
    if (time === undefined) return undefined;
    const { wallMs, offsetMinutes, isDate } = time;
    const isThere = isDate || offsetMinutes === undefined;
    const local = isThere ? wallMs : (this.#zone ?? UTC).localOf(wallMs - offsetMinutes * MINUTE_MS);
    return isoText({ wallMs: local, offsetMinutes: undefined, isDate });
  }

  /** ms since 1970 of a time; of one without a zone in that of the format, else in Greenwich. */
  timeMs(cell: string, read: ReadTime): number | undefined {
    const time = read(cell.trim());
    if (time === undefined) return undefined;
    const { wallMs, offsetMinutes } = time;
    return offsetMinutes === undefined ? (this.#zone ?? UTC).instantOf(wallMs) : wallMs - offsetMinutes * MINUTE_MS;
  }
}

const MINUTE_MS = 60_000;
const UTC = new TimeZone('UTC');

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
