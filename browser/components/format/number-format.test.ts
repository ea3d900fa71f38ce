import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNumberFormat, type NumberFormatOptions } from './number-format.ts';

const base: NumberFormatOptions = { format: 'number', decimals: 1, unit: '', currency: 'CNY' };
const text = (value: unknown, options: Partial<NumberFormatOptions> = {}, locale: 'zh' | 'en' = 'en'): string =>
  createNumberFormat({ ...base, ...options }, locale).text(value);

describe('createNumberFormat', () => {
  it('writes the same decimals always', () => {
    expect(text(12)).toBe('12.0');
    expect(text(1234.56)).toBe('1,234.6');
    expect(text(-0.01)).toBe('0.0');
  });

  it('writes a dash for what is no number, and text as it is', () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, {}]) expect(text(value)).toBe('—');
    expect(text('running')).toBe('running');
  });

  it('knows percent, bytes, rates, durations and money', () => {
    expect(text(42.04, { format: 'percent' })).toBe('42.0%');
    expect(text(15.5 * 1024 ** 3, { format: 'bytes' })).toBe('15.5 GiB');
    expect(text(1_250_000, { format: 'bytesPerSecond' })).toBe('1.3 MB/s');
    expect(text(90_061, { format: 'duration' })).toBe('1d 01:01:01');
    expect(text(90_061, { format: 'duration' }, 'zh')).toBe('1天 01:01:01');
    expect(text(59, { format: 'duration' })).toBe('00:00:59');
    expect(text(1234.5, { format: 'currency', decimals: 2 }, 'zh')).toBe('¥1,234.50');
    expect(text(-5, { format: 'currency', currency: 'USD', decimals: 0 })).toBe('-$5');
  });

  it('counts in ten thousands where people do', () => {
    expect(text(123_456, { format: 'compact' }, 'zh')).toBe('12.3万');
    expect(text(123_456, { format: 'compact' })).toBe('123.5K');
    expect(text(2_300_000_000, { format: 'compact' }, 'zh')).toBe('23.0亿');
  });

  it('changes the unit before the digits reach the next one', () => {
    expect(text(1024 * 1023.99, { format: 'bytes' })).toBe('1.0 MiB');
    expect(text(999.96, { format: 'bytesPerSecond' })).toBe('1.0 kB/s');
  });

  it('compares the number as it is written, with any decimals', () => {
    expect(text(1023.7 * 1024 ** 2, { format: 'bytes', decimals: 0 })).toBe('1 GiB');
    expect(text(1023.7 * 1024 ** 2, { format: 'bytes', decimals: 1 })).toBe('1,023.7 MiB');
    expect(text(1023.96 * 1024 ** 2, { format: 'bytes', decimals: 2 })).toBe('1,023.96 MiB');
  });

  it('puts a unit behind the magnitude, and never instead of it', () => {
    expect(text(12_846_000, { format: 'compact', unit: '元' }, 'zh')).toBe('1,284.6万元');
    expect(text(12_846_000, { format: 'compact', unit: '元' })).toBe('12.8M 元');
    expect(createNumberFormat({ ...base, format: 'compact' }, 'zh').text(12_846_000, '元')).toBe('1,284.6万元');
    expect(createNumberFormat({ ...base, unit: '°C' }, 'en').parts(21, '°F')).toEqual({
      prefix: '',
      digits: '21.0',
      gap: ' ',
      unit: '°C',
    });
  });

  it('ignores a unit beside one of its own, and that of the data beside money', () => {
    expect(text(16 * 1024 ** 3, { format: 'bytes', unit: 'B' })).toBe('16.0 GiB');
    expect(text(50, { format: 'percent', unit: 'x' })).toBe('50.0%');
    expect(text(59, { format: 'duration', unit: 's' })).toBe('00:00:59');
    expect(createNumberFormat({ ...base, format: 'currency' }, 'zh').text(5, '元')).toBe('¥5.0');
  });

  it('writes what is huge with an exponent', () => {
    expect(text(-1e21)).toBe('-1e21');
    expect(text(123_456_789_012_345)).toBe('123,456,789,012,345.0');
  });

  it('never writes NaN, undefined or a minus zero', () => {
    const formats = ['number', 'compact', 'percent', 'bytes', 'bytesPerSecond', 'duration', 'currency'] as const;
    fc.assert(
      fc.property(fc.double(), fc.constantFrom(...formats), (value, format) => {
        expect(text(value, { format })).not.toMatch(/NaN|undefined|Infinity|^-0(\.0)?$/);
      }),
    );
  });
});
