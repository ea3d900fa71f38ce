import { offsetMinutesOf, thousandthsOf, type WallTime, wallMsOf } from '../wall-time.ts';

/** Reads a time; undefined when the text says none. */
export type ReadTime = (text: string) => WallTime | undefined;

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/** What each part of a format stands for; the longest that fits counts. */
const PARTS: Readonly<Record<string, { readonly pattern: string; readonly field?: string }>> = {
  YYYY: { pattern: '\\d{4}', field: 'year' },
  YY: { pattern: '\\d{2}', field: 'shortYear' },
  MMM: { pattern: MONTHS.join('|'), field: 'monthName' },
  MM: { pattern: '\\d{2}', field: 'month' },
  M: { pattern: '\\d{1,2}', field: 'month' },
  DD: { pattern: '\\d{2}', field: 'day' },
  D: { pattern: '\\d{1,2}', field: 'day' },
  HH: { pattern: '\\d{2}', field: 'hour' },
  H: { pattern: '\\d{1,2}', field: 'hour' },
  hh: { pattern: '\\d{2}', field: 'hour12' },
  h: { pattern: '\\d{1,2}', field: 'hour12' },
  mm: { pattern: '\\d{2}', field: 'minute' },
  m: { pattern: '\\d{1,2}', field: 'minute' },
  ss: { pattern: '\\d{2}', field: 'second' },
  s: { pattern: '\\d{1,2}', field: 'second' },
  SSS: { pattern: '\\d{3}', field: 'fraction' },
  S: { pattern: '\\d{1,9}', field: 'fraction' },
  A: { pattern: '[ap]\\.?m\\.?', field: 'half' },
  Z: { pattern: 'Z|[+-]\\d{2}(?::?\\d{2})?', field: 'zone' },
};
const TOKEN = /\[([^\]]*)\]|YYYY|YY|MMM|MM|M|DD|D|HH|H|hh|h|mm|m|ss|s|SSS|S|A|Z|([A-Za-z])|([^A-Za-z[])/gy;

/** Numbers, in place of a format: seconds or milliseconds since 1970. */
const NUMBERS: Readonly<Record<string, number>> = { unix: 1000, 'unix-ms': 1 };
/** Beyond this there are no days. */
const MAX_MS = 8.64e15;

/**
 * A reader of times in one form: `DD.MM.YYYY HH:mm:ss`, `YYYY年M月D日`, `M/D/YY h:mm A`, or `unix` and `unix-ms` for
 * numbers. Letters that stand for themselves are in square brackets.
 *
 * @throws RangeError naming the letter that stands for nothing, or the part that is missing or there twice
 */
export function compileTimeFormat(format: string): ReadTime {
  const unitMs = Object.hasOwn(NUMBERS, format) ? NUMBERS[format] : undefined;
  if (unitMs !== undefined) return (text) => numberTime(text, unitMs);
  const fields: string[] = [];
  let pattern = '';
  TOKEN.lastIndex = 0;
  for (let at = 0; at < format.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(format);
    if (match === null) throw new RangeError(`has a [ at ${at + 1} that is never closed`);
    const [token, bracketed, letter, other] = match;
    if (letter !== undefined) {
      throw new RangeError(`has a "${letter}", which stands for nothing; letters that are meant as they are go in [ ]`);
    }
    const part = PARTS[token];
    if (part?.field === undefined) pattern += escaped(bracketed ?? other ?? '');
    else {
      if (fields.includes(part.field)) throw new RangeError(`says the ${part.field} twice`);
      fields.push(part.field);
      pattern += `(${part.pattern})`;
    }
  }
  const has = (...names: readonly string[]) => names.some((name) => fields.includes(name));
  if (!has('year', 'shortYear') || !has('month', 'monthName') || !has('day')) {
    throw new RangeError('must say year, month and day: YYYY, MM and DD');
  }
  if (has('hour12') !== has('half')) throw new RangeError('must have A, for am and pm, beside hours of h');
  const whole = new RegExp(`^${pattern}$`, 'i');
  const isDate = !has('hour', 'hour12');
  return (text) => {
    const match = whole.exec(text);
    return match === null ? undefined : timeOf(new Map(fields.map((field, i) => [field, match[i + 1] ?? ''])), isDate);
  };
}

function timeOf(said: ReadonlyMap<string, string>, isDate: boolean): WallTime | undefined {
  const number = (field: string) => (said.has(field) ? Number(said.get(field)) : undefined);
  const short = number('shortYear');
  const monthName = said.get('monthName')?.toLowerCase();
  const hour12 = number('hour12');
  if (hour12 !== undefined && (hour12 < 1 || hour12 > 12)) return undefined;
  const isAfternoon = said.get('half')?.toLowerCase().startsWith('p') ?? false;
  const wallMs = wallMsOf({
    // As POSIX reads them.
    year: number('year') ?? (short === undefined ? 0 : short + (short < 69 ? 2000 : 1900)),
    month: monthName === undefined ? (number('month') ?? 0) : MONTHS.indexOf(monthName) + 1,
    day: number('day') ?? 0,
    hour: hour12 === undefined ? number('hour') : (hour12 % 12) + (isAfternoon ? 12 : 0),
    minute: number('minute'),
    second: number('second'),
    ms: thousandthsOf(said.get('fraction') ?? ''),
  });
  const zone = said.get('zone');
  if (wallMs === undefined) return undefined;
  return { wallMs, offsetMinutes: zone === undefined ? undefined : offsetMinutesOf(zone), isDate };
}

function numberTime(text: string, unitMs: number): WallTime | undefined {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  const wallMs = Math.round(Number(text) * unitMs);
  return Math.abs(wallMs) > MAX_MS ? undefined : { wallMs, offsetMinutes: 0, isDate: false };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
