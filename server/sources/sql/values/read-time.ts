import type { TimeZone } from './time-zone.ts';

const TIME =
  /^(\d{4,6})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/;
const LAST_YEAR = 9999;

/**
 * The instant that a text of a database names, ms since 1970; undefined when it names none: `infinity`, `0000-00-00`, a
 * day that there is not, a year behind 9999.
 *
 * @param zone that of texts which name none
 */
export function readTime(text: string, zone: TimeZone): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, years, months, days, hours = '0', minutes = '0', seconds = '0', fraction = '', offset] = match;
  const [year, month, day] = [Number(years), Number(months), Number(days)];
  if (year > LAST_YEAR || Number(hours) > 24 || Number(minutes) > 59 || Number(seconds) > 60) return undefined;
  const shown = new Date(0);
  shown.setUTCFullYear(year, month - 1, day);
  if (shown.getUTCMonth() !== month - 1 || shown.getUTCDate() !== day || month === 0) return undefined;
  const local = shown.setUTCHours(
    Number(hours),
    Number(minutes),
    Number(seconds),
    Math.floor(Number(`0.${fraction || 0}`) * 1000),
  );
  return offset === undefined ? zone.instantOf(local) : local - offsetMs(offset);
}

/** An instant as texts name it: `2026-11-30T20:00:00.000Z`. */
export function timeText(instant: number): string {
  return new Date(instant).toISOString();
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0;
  const digits = offset.slice(1).replaceAll(':', '').padEnd(6, '0');
  const [hours = 0, minutes = 0, seconds = 0] = [0, 2, 4].map((place) => Number(digits.slice(place, place + 2)));
  return (offset[0] === '-' ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
