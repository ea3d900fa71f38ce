import type { Locale } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { localeTag, NO_NUMBER } from './number-format.ts';

/** The IANA name of a time zone; empty is the viewer's own. */
export const timeZoneSchema = z._default(z.string(), '');

/** Writes a time, ms since 1970, in one way; a dash for what is no time. */
export type TimeFormat = (time: unknown) => string;

/**
 * Writes times with these Intl options. A zone that the browser does not know is the viewer's own,
 * since a wall with a spelling mistake must still show a clock.
 */
export function createTimeFormat(options: Intl.DateTimeFormatOptions, locale: Locale, timeZone: string): TimeFormat {
  const written = dateTimeFormat(options, localeTag(locale), timeZone);
  return (time) => {
    const ms = typeof time === 'string' ? Date.parse(time) : time;
    // 8.64e15 is the last time that a Date can hold; beyond it `format` throws.
    return typeof ms === 'number' && Math.abs(ms) <= 8.64e15 ? written.format(ms) : NO_NUMBER;
  };
}

/** `14:03:27` in every language. */
export const CLOCK: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
};

/** `14:03` in every language. */
export const CLOCK_SHORT: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** `11/21` in every language. */
export const DAY_SHORT: Intl.DateTimeFormatOptions = { month: '2-digit', day: '2-digit' };

/** How far the clock of a zone is ahead of UTC at this time, in ms; 0 for what is no time. */
export function zoneOffsetMs(time: number, timeZone: string): number {
  if (!(Math.abs(time) <= 8.64e15)) return 0;
  const parts = dateTimeFormat(WHOLE, 'en-US', timeZone).formatToParts(time);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(time / 1000) * 1000;
}

const WHOLE: Intl.DateTimeFormatOptions = { ...CLOCK, year: 'numeric', month: 'numeric', day: 'numeric' };

function dateTimeFormat(options: Intl.DateTimeFormatOptions, tag: string, timeZone: string): Intl.DateTimeFormat {
  if (timeZone === '') return new Intl.DateTimeFormat(tag, options);
  try {
    return new Intl.DateTimeFormat(tag, { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat(tag, options);
  }
}
