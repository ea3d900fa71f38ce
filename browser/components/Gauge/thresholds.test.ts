import { describe, expect, it } from 'vitest';
import { propsSchema } from './definition.ts';
import { thresholdsOf } from './thresholds.ts';

describe('thresholdsOf', () => {
  it('is a share of the range where the props say nothing', () => {
    expect(thresholdsOf(propsSchema.parse({})).map(({ at }) => at)).toEqual([75, 90]);
    expect(thresholdsOf(propsSchema.parse({ min: -100, max: 100 })).map(({ at }) => at)).toEqual([50, 80]);
  });

  it('takes those of the props as they are, also none', () => {
    expect(thresholdsOf(propsSchema.parse({ thresholds: [] }))).toEqual([]);
    const thresholds = [
      { at: 9, color: 'alert' },
      { at: 3, color: 'warn' },
    ];
    expect(thresholdsOf(propsSchema.parse({ thresholds })).map(({ at }) => at)).toEqual([3, 9]);
  });
});
