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
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const date = new Date(wallMs);
  // 31 February would be a day of March; a year below 100 one of the last century.
  return date.getUTCDate() === day && date.getUTCMonth() === month - 1 && date.getUTCFullYear() === year
    ? wallMs
    : undefined;
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

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** The time that a text says as ISO 8601 and RFC 3339 write it; undefined when it says none. */
export function isoTime(text: string): WallTime | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const wallMs = wallMsOf({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    ms: thousandthsOf(fraction ?? ''),
  });
  if (wallMs === undefined) return undefined;
  return {
    wallMs,
    offsetMinutes: zone === undefined ? undefined : offsetMinutesOf(zone),
    isDate: hour === undefined,
  };
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
