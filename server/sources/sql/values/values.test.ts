import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArrayText } from '../postgres/read-array.ts';
import { NO_NUMBER } from './no-value.ts';
import { readFloat, readNumber, shortestFloat } from './read-number.ts';
import { readTime, timeText } from './read-time.ts';
import { TimeZone, timeZoneField } from './time-zone.ts';

const UTC = new TimeZone('UTC');

describe('a number', () => {
  test.each([
    ['12.50', 12.5],
    ['-0', -0],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', '9007199254740992'],
    ['-9007199254740993', '-9007199254740993'],
    ['1e20', '1e20'],
    ['0.1', 0.1],
    ['1.', 1],
    ['NaN', NO_NUMBER],
    ['Infinity', NO_NUMBER],
    ['', NO_NUMBER],
    ['0x10', NO_NUMBER],
  ])('%s is read as %s', (text, value) => {
    expect(readNumber(text)).toBe(value);
  });

  test('that is floating is exact at any size', () => {
    expect([readFloat(1e300), readFloat(Number.NaN), readFloat(Number.NEGATIVE_INFINITY)]).toEqual([
      1e300,
      NO_NUMBER,
      NO_NUMBER,
    ]);
  });

  test('of 32 bits has the shortest digits that mean it', () => {
    expect([0.1, 16777216, 3.4e38, -2.5].map((n) => shortestFloat(Math.fround(n)))).toEqual([
      0.1, 16777216, 3.4e38, -2.5,
    ]);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (n) => Math.fround(shortestFloat(n)) === n),
    );
  });
});

describe('a time', () => {
  test.each([
    ['2026-11-30 20:00:00+08', '2026-11-30T12:00:00.000Z'],
    ['2026-11-30 20:00:00.123456+05:30', '2026-11-30T14:30:00.123Z'],
    ['2026-11-30T20:00:00Z', '2026-11-30T20:00:00.000Z'],
    ['2026-11-30 20:00:00 -03', '2026-11-30T23:00:00.000Z'],
    ['2026-11-30 20:00', '2026-11-30T20:00:00.000Z'],
    ['2026-11-30', '2026-11-30T00:00:00.000Z'],
    ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
    ['1900-01-01 00:00:00+08:05:43', '1899-12-31T15:54:17.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(timeText(readTime(text, UTC) ?? Number.NaN)).toBe(instant);
  });

  test.each([
    'infinity',
    '0000-00-00 00:00:00',
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '12026-01-01',
    '2026-01-01 25:00',
    '0044-03-15 BC',
    'now',
    '',
  ])('%j is none', (text) => {
    expect(readTime(text, UTC)).toBeUndefined();
  });
});

describe('a time zone', () => {
  const at = (zone: string, text: string) => timeText(readTime(text, new TimeZone(zone)) ?? Number.NaN);

  test.each([
    ['Asia/Shanghai', '2026-11-30 20:00', '2026-11-30T12:00:00.000Z'],
    ['+08:00', '2026-11-30 20:00', '2026-11-30T12:00:00.000Z'],
    ['-03:30', '2026-11-30 20:00', '2026-11-30T23:30:00.000Z'],
    ['Europe/Berlin', '2026-07-01 12:00', '2026-07-01T10:00:00.000Z'],
    // Set forward: this time is never shown, and is as if the clocks had not been set.
    ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00.000Z'],
    // Set back: it is shown twice, and is the first.
    ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
    ['Europe/Berlin', '2026-10-25 03:00', '2026-10-25T02:00:00.000Z'],
    ['America/New_York', '2026-11-01 01:30', '2026-11-01T05:30:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-05 01:45', '2026-04-04T14:45:00.000Z'],
  ])('%s shows %s at %s', (zone, text, instant) => {
    expect(at(zone, text)).toBe(instant);
  });

  test('gives back each time that its clocks show', () => {
    const zones = ['Asia/Shanghai', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia', 'Asia/Kathmandu'];
    const shown = (zone: string, instant: number) =>
      new Date(instant).toLocaleString('sv-SE', { timeZone: zone, hourCycle: 'h23' });
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 2 ** 31 }), (zone, seconds) => {
        const text = shown(zone, seconds * 1000);
        const instant = readTime(text, new TimeZone(zone)) ?? Number.NaN;
        expect(shown(zone, instant)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test.each(['Mars/Olympus', '+25:00', '8', "UTC'; DROP", 'Asia/Shanghai;', '../../etc'])(
    'that is %j is refused',
    (zone) => {
      expect(timeZoneField.safeParse(zone).success).toBe(false);
    },
  );
});

describe('an array of PostgreSQL', () => {
  test.each([
    ['{}', []],
    ['{1,NULL,"NULL"}', ['1', null, 'NULL']],
    ['{"a\\"b","c\\\\d","{}",""}', ['a"b', 'c\\d', '{}', '']],
    [
      '{{1,2},{3,4}}',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['[0:1]={5,6}', ['5', '6']],
    ['{1', undefined],
    ['{1}x', undefined],
    ['1', undefined],
    ['{"a}', undefined],
    ['{'.repeat(100), undefined],
  ])('%s is %j', (text, items) => {
    expect(readArrayText(text)).toEqual(items);
  });

  test('is never anything that throws', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{', '}', '"', ',', '\\', 'a', 'NULL', '[', '=')), (parts) => {
        readArrayText(parts.join(''));
      }),
    );
  });
});
