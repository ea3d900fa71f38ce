import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeTicks } from './time-ticks.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 21, 12);

describe('timeTicks', () => {
  it('stands on round minutes', () => {
    const ticks = timeTicks(NOON + 70_000, NOON + HOUR, 7, 0);
    expect(ticks.map((tick) => (tick - NOON) / 60_000)).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it('stands on midnight of the zone', () => {
    const [first] = timeTicks(NOON, NOON + 72 * HOUR, 4, 8 * HOUR);
    expect(first).toBe(Date.UTC(2026, 10, 21, 16));
  });

  it('bears a single time and none', () => {
    expect(timeTicks(NOON, NOON, 5, 0)).toEqual([NOON]);
    expect(timeTicks(Number.NaN, Number.NaN, 5, 0)).toEqual([]);
  });

  it('is ascending, inside, and never too many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 1e12 }),
        fc.integer({ min: 1, max: 20 }),
        (from, span, count) => {
          const ticks = timeTicks(from, from + span, count, 0);
          expect(ticks.length).toBeLessThanOrEqual(count + 1);
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(from);
            expect(tick).toBeLessThanOrEqual(from + span);
          }
        },
      ),
    );
  });
});
