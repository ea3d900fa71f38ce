import { badValue } from './values.ts';

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d))?$/;
const OFFSET = /^([+-])(\d\d):(\d\d)$/;
const MINUTE_MS = 60_000;

/** A time as RFC 3339 writes it, in ms since 1970; a date alone is its midnight in UTC. Null when it is none. */
export function parseTime(text: string): number | null {
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    RFC_3339.exec(text) ?? [];
  if (year === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // Date.UTC takes the 31st of June for the 1st of July.
  if (new Date(ms).getUTCDate() !== Number(day)) return null;
  return ms + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs(zone.toUpperCase() === 'Z' ? '+00:00' : zone);
}

/** A time of a zone, as one of UTC that shows the same hands. Zones are fixed, since the rules of others change. */
export function inZone(ms: number, zone: string): Date {
  return new Date(ms + (zone === 'UTC' ? 0 : offsetMs(zone)));
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (sign === undefined)
    throw badValue(`a time zone is written "+08:00" or "UTC", got ${JSON.stringify(zone.slice(0, 40))}`);
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}
