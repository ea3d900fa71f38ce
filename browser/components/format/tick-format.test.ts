import { describe, expect, it } from 'vitest';
import type { NumberFormatOptions } from './number-format.ts';
import { createTickFormat } from './tick-format.ts';

const base: NumberFormatOptions = { format: 'percent', decimals: 1, unit: '', currency: 'CNY' };
const written = (ticks: readonly number[], options: Partial<NumberFormatOptions> = {}): string[] => {
  const format = createTickFormat({ ...base, ...options }, 'en', ticks);
  return ticks.map((tick) => format.text(tick));
};

describe('createTickFormat', () => {
  it('writes no decimals that all ticks have as zero', () => {
    expect(written([0, 25, 50])).toEqual(['0%', '25%', '50%']);
    expect(written([0, 2 ** 30, 2 ** 31], { format: 'bytes' })).toEqual(['0 B', '1 GiB', '2 GiB']);
  });

  it('writes as many as one of them needs', () => {
    expect(written([0, 2.5, 5])).toEqual(['0.0%', '2.5%', '5.0%']);
    expect(written([0, 0.05, 0.1], { decimals: 0 })).toEqual(['0.00%', '0.05%', '0.10%']);
    expect(written([0, 500_000, 1_500_000], { format: 'bytesPerSecond' })).toEqual([
      '0.0 B/s',
      '500.0 kB/s',
      '1.5 MB/s',
    ]);
  });

  it('tells steps of any size', () => {
    expect(written([0, 1e-7, 2e-7, 3e-7], { format: 'number' })).toEqual([
      '0.0000000',
      '0.0000001',
      '0.0000002',
      '0.0000003',
    ]);
    expect(written([-1e21, 0, 1e21], { format: 'number' })).toEqual(['-1e21', '0', '1e21']);
    expect(written([1e6, 1e6 + 0.001], { format: 'number' })).toEqual(['1,000,000.000', '1,000,000.001']);
  });

  it('leaves durations as they are', () => {
    expect(written([0, 3600], { format: 'duration' })).toEqual(['00:00:00', '01:00:00']);
  });
});
