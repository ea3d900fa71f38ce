import type { JsonValue } from '@tidewall/base';
import { NO_NUMBER, NO_TIME, type NoValue } from '../values/no-value.ts';
import { readJson } from '../values/read-json.ts';
import { readFloat, readNumber } from '../values/read-number.ts';
import { readTime, timeText } from '../values/read-time.ts';
import type { Read } from '../values/read-value.ts';
import type { TimeZone } from '../values/time-zone.ts';
import { type ArrayText, readArrayText } from './read-array.ts';

type ReadText = (text: string) => JsonValue | NoValue;

/** Types by their numbers, which are the same in every PostgreSQL (pg_type.dat). */
const BOOL = 16;
const BYTEA = 17;
const EXACT_NUMBERS = [20, 21, 23, 26, 1700];
const FLOATS = [700, 701];
const TIMES = [1114, 1184];
const JSONS = [114, 3802];
/** Of each type of an array, that of its items. */
const ITEMS: ReadonlyMap<number, number> = new Map([
  [1000, BOOL],
  [1001, BYTEA],
  [1005, 21],
  [1007, 23],
  [1016, 20],
  [1028, 26],
  [1231, 1700],
  [1021, 700],
  [1022, 701],
  [1115, 1114],
  [1185, 1184],
  [199, 114],
  [3807, 3802],
  // Of what stays a text: name, text, char, varchar, date, time, timetz, uuid, inet, interval, money.
  ...[1003, 1009, 1014, 1015, 1182, 1183, 1270, 2951, 1041, 1187, 791].map((array) => [array, 0] as const),
]);

/** How the values of a type are read, which PostgreSQL sends as texts. @param oid the number of the type */
export function readerOfPostgres(oid: number, zone: TimeZone): Read {
  const items = ITEMS.get(oid);
  const read = items === undefined ? readerOfText(oid, zone) : readerOfArray(readerOfText(items, zone));
  return (raw) => read(String(raw));
}

function readerOfText(oid: number, zone: TimeZone): ReadText {
  if (oid === BOOL) return (text) => text === 't';
  // `\x0102`: no other form is asked for.
  if (oid === BYTEA) return (text) => `0x${text.slice(2)}`;
  if (EXACT_NUMBERS.includes(oid)) return readNumber;
  if (FLOATS.includes(oid)) return (text) => readFloat(Number(text));
  if (JSONS.includes(oid)) return readJson;
  if (TIMES.includes(oid)) {
    return (text) => {
      const instant = readTime(text, zone);
      return instant === undefined ? NO_TIME : timeText(instant);
    };
  }
  return (text) => text;
}

function readerOfArray(readItem: ReadText): ReadText {
  return (text) => {
    const items = readArrayText(text);
    return items === undefined ? text : valuesOf(items, readItem);
  };
}

/** An item that has no place in JSON leaves its whole array without one: it would be taken for a null of the database. */
function valuesOf(items: ArrayText, readItem: ReadText): JsonValue | NoValue {
  const values: JsonValue[] = [];
  for (const item of items) {
    const value = item === null ? null : typeof item === 'string' ? readItem(item) : valuesOf(item, readItem);
    if (value === NO_NUMBER || value === NO_TIME) return value;
    values.push(value);
  }
  return values;
}
