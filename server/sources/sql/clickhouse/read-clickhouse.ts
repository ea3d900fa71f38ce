import type { JsonValue } from '@tidewall/base';
import { NO_NUMBER, NO_TIME, type NoValue } from '../values/no-value.ts';
import { readFloat, readNumber } from '../values/read-number.ts';
import { readTime, timeText } from '../values/read-time.ts';
import type { Read } from '../values/read-value.ts';
import { TimeZone } from '../values/time-zone.ts';

/** What is around a type and says nothing of how a value looks. */
const WRAPPED = /^(?:Nullable|LowCardinality)\((.*)\)$/s;
const ARRAY = /^Array\((.*)\)$/s;
const TIME = /^DateTime(?:64)?(?:\((?:\d+\s*,?\s*)?(?:'([^']+)')?\))?$/;
const EXACT_NUMBER = /^(?:U?Int\d+|Decimal.*)$/;
const FLOAT = /^B?Float\d+$/;

/** How the values of a type are read, as they stand in the JSON of ClickHouse. @param zone the server's */
export function readerOfClickhouse(type: string, zone: string): Read {
  const [, wrapped] = WRAPPED.exec(type) ?? [];
  if (wrapped !== undefined) return readerOfClickhouse(wrapped, zone);
  const [, item] = ARRAY.exec(type) ?? [];
  if (item !== undefined) return readerOfItems(readerOfClickhouse(item, zone));
  // What it quotes is for the settings of its user to say.
  if (EXACT_NUMBER.test(type)) return (raw) => readNumber(String(raw));
  if (FLOAT.test(type)) return (raw) => (raw === null ? NO_NUMBER : readFloat(numberOf(String(raw))));
  const time = TIME.exec(type);
  if (time !== null) return readerOfTimes(time[1] ?? zone);
  return (raw) => raw as JsonValue;
}

function readerOfTimes(name: string): Read {
  const zone = new TimeZone(name);
  return (raw) => {
    const instant = readTime(String(raw), zone);
    return instant === undefined ? NO_TIME : timeText(instant);
  };
}

function readerOfItems(read: Read): Read {
  return (raw) => {
    if (!Array.isArray(raw)) return raw as JsonValue;
    const items: JsonValue[] = [];
    for (const item of raw) {
      const value: JsonValue | NoValue = item === null ? null : read(item);
      if (value === NO_NUMBER || value === NO_TIME) return value;
      items.push(value);
    }
    return items;
  };
}

function numberOf(text: string): number {
  return /^[+-]?(?:inf|infinity)$/i.test(text) ? Number.POSITIVE_INFINITY : Number(text);
}
