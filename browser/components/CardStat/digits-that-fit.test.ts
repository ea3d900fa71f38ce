import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digitsThatFit, evenDigits } from './digits-that-fit.ts';

describe('digitsThatFit', () => {
  it('fills the width and no more, whatever stands before and behind', () => {
    const ems = fc.double({ min: 0, max: 60, noNaN: true });
    fc.assert(
      fc.property(ems, ems, fc.integer({ min: 0, max: 2 }), (digits, small, gaps) => {
        const size = digitsThatFit({ width: 300, digits, small, gaps, smallest: 13 });
        const unit = Math.min(120, Math.max(size * 0.42, 13) * small);
        expect(size * (digits + gaps * 0.14) + unit).toBeLessThanOrEqual(300.001);
        expect(size).toBeGreaterThan(0);
      }),
    );
  });
});

describe('evenDigits', () => {
  it('has at least four digits, and always an even number', () => {
    expect(['7', '1,234', '12,345', '运行'].map(evenDigits)).toEqual(['0007', '1,234', '012,345', '运行']);
  });
});
