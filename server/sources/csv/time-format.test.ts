import { describe, expect, it } from 'vitest';
import { isoText, isoTime } from '../wall-time.ts';
import { compileTimeFormat } from './time-format.ts';

const read = (format: string, text: string) => {
  const time = compileTimeFormat(format)(text);
  return time === undefined ? undefined : isoText(time);
};

describe('a time', () => {
  it.each([
    ['DD.MM.YYYY HH:mm:ss', '02.01.2026 15:04:05', '2026-01-02T15:04:05'],
    ['YYYY年M月D日', '2026年1月2日', '2026-01-02'],
    ['M/D/YY h:mm A', '1/2/26 12:04 am', '2026-01-02T00:04:00'],
    ['M/D/YY h:mm A', '1/2/68 12:04 PM', '2068-01-02T12:04:00'],
    ['D MMM YYYY', '2 jan 2026', '2026-01-02'],
    ['YYYYMMDD[T]HHmmssZ', '20260102T030405+0800', '2026-01-02T03:04:05+08:00'],
    ['YYYY-MM-DD HH:mm:ss.SSS', '2026-01-02 03:04:05.283', '2026-01-02T03:04:05.283'],
    ['YYYY-MM-DD HH:mm:ss,S', '2026-01-02 03:04:05,5', '2026-01-02T03:04:05.500'],
    ['unix', '1767323045.25', '2026-01-02T03:04:05.250Z'],
    ['unix-ms', '1767323045250', '2026-01-02T03:04:05.250Z'],
  ])('of the form %s is read: %s', (format, text, iso) => {
    expect(read(format, text)).toBe(iso);
  });

  it.each([
    ['DD.MM.YYYY', '31.02.2026'],
    ['DD.MM.YYYY', '1.2.2026'],
    ['DD.MM.YYYY', '01.02.2026 03:04'],
    ['DD.MM.YYYY HH:mm', '01.02.2026 24:00'],
    ['D/M/YYYY h A', '1/2/2026 13 PM'],
    ['unix', 'now'],
    ['unix', '1e99'],
  ])('that is not of the form %s is none: %s', (format, text) => {
    expect(read(format, text)).toBeUndefined();
  });
});

it.each([
  ['YYYY-MM', 'must say year, month and day'],
  ['DD.MM.YYYY Q', 'has a "Q", which stands for nothing'],
  ['DD.MM.YYYY DD', 'says the day twice'],
  ['DD.MM.YYYY [at', 'has a [ at 12 that is never closed'],
  ['DD.MM.YYYY h:mm', 'must have A, for am and pm'],
])('the form %s is refused', (format, sentence) => {
  expect(() => compileTimeFormat(format)).toThrow(sentence);
});

describe('ISO 8601', () => {
  it.each([
    '2026-01-02',
    '2026-01-02T03:04',
    '2026-01-02 03:04:05',
    '2026-01-02T03:04:05.678901+08',
    '2026-12-31T23:59:59z',
  ])('knows %s', (text) => {
    expect(isoTime(text)).toBeDefined();
  });

  it.each(['2026-02-29', '2026-13-01', '2026-1-2', '2026-01-02T24:00', '20260102', '0000-00-00', 'now'])(
    'does not know %s',
    (text) => {
      expect(isoTime(text)).toBeUndefined();
    },
  );

  it('is written back as it was', () => {
    for (const text of ['2026-01-02', '2026-01-02T03:04:05', '2026-01-02T03:04:05.500-03:30', '0100-01-01T00:00:00Z']) {
      expect(isoText(isoTime(text) ?? { wallMs: 0, offsetMinutes: 0, isDate: false })).toBe(text);
    }
  });
});
