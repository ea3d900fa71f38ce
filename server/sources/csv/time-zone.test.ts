import { expect, it } from 'vitest';
import { isTimeZone, TimeZone } from './time-zone.ts';

const at = (zone: string, wall: string) => new Date(new TimeZone(zone).utcOf(Date.parse(`${wall}Z`))).toISOString();

it.each([
  ['UTC', '2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
  ['Asia/Shanghai', '2026-01-02T03:04:05', '2026-01-01T19:04:05.000Z'],
  ['+05:30', '2026-01-02T03:04:05', '2026-01-01T21:34:05.000Z'],
  ['Europe/Berlin', '2026-01-02T03:04:05', '2026-01-02T02:04:05.000Z'],
  ['Europe/Berlin', '2026-07-02T03:04:05', '2026-07-02T01:04:05.000Z'],
  // Twice: the first one. Never: as much later as the clocks were set on.
  ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00.000Z'],
  ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00.000Z'],
  ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
  ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z'],
  ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00.000Z'],
])('in %s it is %s at %s', (zone, wall, utc) => {
  expect(at(zone, wall)).toBe(utc);
});

it('zones are known by their names', () => {
  expect(['UTC', 'Asia/Shanghai', '-03:30'].every(isTimeZone)).toBe(true);
  expect(['Moon/Base', '', '8', '+8'].some(isTimeZone)).toBe(false);
});
