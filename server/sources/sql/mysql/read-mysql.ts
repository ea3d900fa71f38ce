import type { JsonValue } from '@tidewall/base';
import { NO_TIME } from '../values/no-value.ts';
import { readJson } from '../values/read-json.ts';
import { readFloat, readNumber, shortestFloat } from '../values/read-number.ts';
import { readTime, timeText } from '../values/read-time.ts';
import type { Read } from '../values/read-value.ts';
import type { TimeZone } from '../values/time-zone.ts';

/** Types by their numbers in the protocol (`enum_field_types`). */
const FLOAT = 4;
const LONGLONG = 8;
const EXACT_NUMBERS = [0, LONGLONG, 246];
const TIMES = [7, 12];
const BIT = 16;
const JSON_TYPE = 245;
/** Bits that a number holds exactly. */
const MOST_BITS = 53;

/** What of the description of a column says how its values are read. */
export interface MysqlField {
  readonly columnType?: number | undefined;
  readonly columnLength?: number | undefined;
  readonly extendedFormat?: string | undefined;
}

/** How the values of a column are read, as the library hands them out: numbers, texts and bytes. */
export function readerOfMysql({ columnType = -1, columnLength = 0, extendedFormat }: MysqlField, zone: TimeZone): Read {
  if (columnType === BIT) return (raw) => bitsOf(raw, columnLength);
  if (columnType === JSON_TYPE || extendedFormat === 'json') return (raw) => readJson(textOf(raw));
  if (EXACT_NUMBERS.includes(columnType)) return (raw) => readNumber(String(raw));
  if (columnType === FLOAT) return (raw) => readFloat(shortestFloat(Number(raw)));
  if (TIMES.includes(columnType)) {
    return (raw) => {
      const instant = readTime(String(raw), zone);
      return instant === undefined ? NO_TIME : timeText(instant);
    };
  }
  return jsonOf;
}

/**
 * How a value of a column is bound again; as it is when undefined. A large number as a text would be compared as a
 * floating-point one.
 */
export function rebinderOfMysql({ columnType }: MysqlField): ((raw: unknown) => bigint) | undefined {
  return columnType === LONGLONG ? (raw) => BigInt(String(raw)) : undefined;
}

/** A number, a text, bytes as hexadecimal digits; of places and vectors what the library makes of them. */
function jsonOf(raw: unknown): ReturnType<Read> {
  if (typeof raw === 'number') return readFloat(raw);
  if (raw instanceof Uint8Array) return `0x${Buffer.from(raw).toString('hex')}`;
  return typeof raw === 'object' ? (JSON.parse(JSON.stringify(raw)) as JsonValue) : String(raw);
}

/** One bit is a boolean; more are a number, or bytes when they are too many for one. */
function bitsOf(raw: unknown, length: number): JsonValue {
  if (!(raw instanceof Uint8Array)) return String(raw);
  const hex = Buffer.from(raw).toString('hex');
  if (length === 1) return raw.some((byte) => byte !== 0);
  return length > MOST_BITS ? `0x${hex}` : Number.parseInt(hex === '' ? '0' : hex, 16);
}

function textOf(raw: unknown): string {
  return raw instanceof Uint8Array ? Buffer.from(raw).toString('utf8') : String(raw);
}
