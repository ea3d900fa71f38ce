import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitArc, pathOf, pointAt, shareOf } from './arc.ts';

describe('fitArc', () => {
  it('stays inside its box at every sweep', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 2000 }),
        fc.integer({ min: 40, max: 2000 }),
        fc.integer({ min: 90, max: 330 }),
        (width, height, sweep) => {
          const arc = fitArc(width, height, sweep, 10);
          for (let share = 0; share <= 1; share += 0.05) {
            const { x, y } = pointAt(arc, share);
            expect(x).toBeGreaterThanOrEqual(9.9);
            expect(x).toBeLessThanOrEqual(width - 9.9);
            expect(y).toBeGreaterThanOrEqual(9.9);
            expect(y).toBeLessThanOrEqual(height - 9.9);
          }
        },
      ),
    );
  });

  it('has no negative radius in a box of nothing', () => {
    expect(fitArc(0, 0, 240, 10).radius).toBe(0);
  });
});

describe('pathOf', () => {
  it('takes the long way only beyond a half circle', () => {
    const arc = fitArc(200, 200, 240, 0);
    expect(pathOf(arc, 0, 0.5)).toContain(' 0 0 1 ');
    expect(pathOf(arc, 0, 1)).toContain(' 0 1 1 ');
  });
});

describe('shareOf', () => {
  it('cuts at both ends and is zero for what is no number', () => {
    expect(shareOf(50, 0, 200)).toBe(0.25);
    expect(shareOf(-5, 0, 100)).toBe(0);
    expect(shareOf(900, 0, 100)).toBe(1);
    for (const value of [null, undefined, Number.NaN, 'x']) expect(shareOf(value, 0, 100)).toBe(0);
    expect(shareOf(5, 10, 10)).toBe(0);
  });
});
