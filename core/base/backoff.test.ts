import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const LIMITS = { baseMs: 500, maxMs: 20_000 };

test('the first retry waits between one and two bases', () => {
  expect(backoffMs(0, LIMITS, 0)).toBe(500);
  expect(backoffMs(0, LIMITS, 0.999)).toBeCloseTo(999.5);
});

test('the window doubles with each attempt until the longest wait', () => {
  expect([1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, LIMITS, 0.5))).toEqual([
    1000, 1500, 2500, 4500, 8500, 10_500,
  ]);
});

test('a delay is never shorter than the base nor longer than the most, after any number of attempts', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000 }), random, (attempt, chance) => {
      const ms = backoffMs(attempt, LIMITS, chance);
      expect(ms).toBeGreaterThanOrEqual(LIMITS.baseMs);
      expect(ms).toBeLessThanOrEqual(LIMITS.maxMs);
    }),
  );
});
