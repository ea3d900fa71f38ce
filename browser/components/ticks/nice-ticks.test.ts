import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { niceTicks } from './nice-ticks.ts';

describe('niceTicks', () => {
  it('starts at zero and ends on a round number above the data', () => {
    expect(niceTicks({ low: 12, high: 87, count: 5 })).toEqual({
      min: 0,
      max: 100,
      step: 20,
      values: [0, 20, 40, 60, 80, 100],
    });
  });

  it('leaves zero out when it would flatten the picture', () => {
    const { min, max } = niceTicks({ low: 980, high: 1010, count: 4 });
    expect(min).toBeGreaterThan(900);
    expect(max).toBeGreaterThan(1010);
  });

  it('keeps fixed ends', () => {
    expect(niceTicks({ low: 3, high: 180, min: 0, max: 100, count: 4 })).toMatchObject({ min: 0, max: 100 });
  });

  it('counts bytes in 1024', () => {
    const { values } = niceTicks({ low: 0, high: 7.3 * 1024 ** 3, count: 4, binary: true });
    expect(values.map((value) => value / 1024 ** 3)).toEqual([0, 2, 4, 6, 8]);
  });

  it('makes an axis of flat data and of none', () => {
    expect(niceTicks({ low: 0, high: 0, count: 4 }).max).toBeGreaterThan(0);
    expect(niceTicks({ low: 5, high: 5, count: 4 })).toMatchObject({ min: 0 });
    expect(niceTicks({ low: Number.NaN, high: Number.NaN, count: 4 }).values.length).toBeGreaterThan(1);
  });

  it('holds all data between its ends, with few lines', () => {
    const value = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.boolean(), (a, b, binary) => {
        const low = Math.min(a, b);
        const high = Math.max(a, b);
        const ticks = niceTicks({ low, high, count: 5, binary });
        expect(ticks.min).toBeLessThanOrEqual(low + Math.abs(low) * 1e-9 + 1e-12);
        expect(ticks.max).toBeGreaterThanOrEqual(high - Math.abs(high) * 1e-9 - 1e-12);
        expect(ticks.values.length).toBeGreaterThan(1);
        expect(ticks.values.length).toBeLessThan(14);
      }),
    );
  });
});
