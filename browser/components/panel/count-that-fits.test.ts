import { describe, expect, it } from 'vitest';
import { countThatFits } from './count-that-fits.ts';

describe('countThatFits', () => {
  it('is all of them where they fit, without room for a hint', () => {
    expect(countThatFits([40, 40], 10, 20, 90)).toBe(2);
    expect(countThatFits([], 10, 20, 0)).toBe(0);
  });

  it('leaves room for the number of the others', () => {
    expect(countThatFits([40, 40, 40], 10, 20, 120)).toBe(2);
    expect(countThatFits([40, 40, 40], 10, 20, 119)).toBe(1);
  });

  it('is one in no room at all', () => {
    expect(countThatFits([40, 40], 10, 20, 5)).toBe(1);
  });
});
