/** A time as a clock on the wall shows it, with the zone that was written beside it. */
export interface WallTime {
  /** As if the wall were in Greenwich, ms since 1970. */
  readonly wallMs: number;
  /** Minutes east of Greenwich; undefined when nothing was said of a zone. */
  readonly offsetMinutes: number | undefined;
  /** No time of the day. */
  readonly isDate: boolean;
}

export interface WallTimeFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour?: number | undefined;
  readonly minute?: number | undefined;
  readonly second?: number | undefined;
  readonly ms?: number | undefined;
}

/** The time of these fields in ms as if the wall were in Greenwich; undefined when there is no such day or time. */
export function wallMsOf(fields: WallTimeFields): number | undefined {
  const { year, month, day, hour = 0, minute = 0, second = 0, ms = 0 } = fields;
  // So that NaN is none either. `Date.UTC` takes a year below 100 for one of the last century.
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  if (!isTime || !(year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)))
    return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] as number);
}

/** Minutes that `Z`, `+08:00`, `+0800` or `+08` says. */
export function offsetMinutesOf(text: string): number {
  if (text === 'Z' || text === 'z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.replace(':', '').slice(3, 5) || 0);
  return text.startsWith('-') ? -minutes : minutes;
}

/** Milliseconds of the digits behind a second's point. */
export function thousandthsOf(digits: string): number {
  return Number(digits.slice(0, 3).padEnd(3, '0'));
}

/** The time that a text says as ISO 8601 and RFC 3339 write it; undefined when it says none. */
export function isoTime(text: string): WallTime | undefined {
  // By its characters: this is what reading a file of times takes its time for.
  if (text.length < DATE_LENGTH || text[4] !== '-' || text[7] !== '-') return undefined;
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  if (text.length === DATE_LENGTH) return wallTime(wallMsOf({ year, month, day }), undefined, true);
  const between = text.charCodeAt(DATE_LENGTH);
  if ((between !== SPACE && (between | 0x20) !== LETTER_T) || text[13] !== ':') return undefined;
  const [hour, minute] = [twoDigits(text, 11), twoDigits(text, 14)];
  let at = DATE_LENGTH + 'T00:00'.length;
  let second = 0;
  let ms = 0;
  if (text[at] === ':') {
    second = twoDigits(text, at + 1);
    at += 3;
    if (text[at] === '.' || text[at] === ',') {
      const fraction = at + 1;
      for (at = fraction; isDigit(text.charCodeAt(at)); ) at += 1;
      if (at === fraction || at > fraction + MOST_DECIMALS) return undefined;
      ms = thousandthsOf(text.slice(fraction, at));
    }
  }
  const wallMs = wallMsOf({ year, month, day, hour, minute, second, ms });
  if (at === text.length) return wallTime(wallMs, undefined, false);
  const zone = text.slice(text.charCodeAt(at) === SPACE ? at + 1 : at);
  return ZONE.test(zone) ? wallTime(wallMs, offsetMinutesOf(zone), false) : undefined;
}

const DATE_LENGTH = '2026-01-02'.length;
const MOST_DECIMALS = 9;
const SPACE = 0x20;
const LETTER_T = 0x74;
const ZONE = /^(Z|[+-]\d\d(:?\d\d)?)$/i;

/** The number of two digits; NaN when they are none, which no field of a time is. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - 0x30) + ones - 0x30 : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function wallTime(
  wallMs: number | undefined,
  offsetMinutes: number | undefined,
  isDate: boolean,
): WallTime | undefined {
  return wallMs === undefined ? undefined : { wallMs, offsetMinutes, isDate };
}

/** As RFC 3339 writes it, without fractions that are zero. */
export function isoText({ wallMs, offsetMinutes, isDate }: WallTime): string {
  const text = new Date(wallMs).toISOString();
  if (isDate) return text.slice(0, 10);
  return text.slice(0, text.endsWith('.000Z') ? 19 : 23) + offsetText(offsetMinutes);
}

function offsetText(minutes: number | undefined): string {
  if (minutes === undefined) return '';
  if (minutes === 0) return 'Z';
  const two = (number: number) => String(number).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
