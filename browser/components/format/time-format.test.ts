import { describe, expect, it } from 'vitest';
import { CLOCK, createTimeFormat, zoneOffsetMs } from './time-format.ts';

const T = Date.UTC(2026, 10, 21, 14, 3, 27);

describe('createTimeFormat', () => {
  it('writes a time in the zone that is asked for', () => {
    expect(createTimeFormat(CLOCK, 'en', 'UTC')(T)).toBe('14:03:27');
    expect(createTimeFormat(CLOCK, 'zh', 'Asia/Shanghai')(T)).toBe('22:03:27');
  });

  it('reads ISO text too', () => {
    expect(createTimeFormat(CLOCK, 'en', 'UTC')('2026-11-21T14:03:27Z')).toBe('14:03:27');
  });

  it('writes a dash for what is no time', () => {
    const write = createTimeFormat(CLOCK, 'en', 'UTC');
    for (const value of [null, undefined, Number.NaN, 'soon', 9e15, {}]) expect(write(value)).toBe('—');
  });

  it('falls back to the own zone for one that does not exist', () => {
    expect(createTimeFormat(CLOCK, 'en', 'Mars/Olympus')(T)).toMatch(/^\d\d:\d\d:\d\d$/);
  });
});

describe('zoneOffsetMs', () => {
  it('knows zones and their summers', () => {
    expect(zoneOffsetMs(T, 'UTC')).toBe(0);
    expect(zoneOffsetMs(T + 1, 'Asia/Shanghai')).toBe(8 * 3_600_000);
    expect(zoneOffsetMs(Date.UTC(2026, 6, 1), 'Europe/Berlin')).toBe(2 * 3_600_000);
    expect(zoneOffsetMs(Number.NaN, 'UTC')).toBe(0);
  });
});
