import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRandom, gaussian, poisson, seedOf, seedOfText } from './random.ts';

const many = (draw: () => number, count = 20_000) => Array.from({ length: count }, draw);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

it('the same seed gives the same run, for ever', () => {
  const first = many(createRandom(42), 3);
  expect(many(createRandom(42), 3)).toEqual(first);
  // Data that was made before must come out the same in the next version too.
  expect(first).toEqual([0.6011037519201636, 0.44829055899754167, 0.8524657934904099]);
  expect(seedOf(1, 1_700_000_000_000)).toBe(3_537_562_499);
});

it('numbers are in [0, 1) and even', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const value of many(createRandom(seed), 100)) expect(value >= 0 && value < 1).toBe(true);
    }),
  );
  expect(mean(many(createRandom(1)))).toBeCloseTo(0.5, 1);
});

it('seeds of near numbers and of names have nothing to do with each other', () => {
  const seeds = new Set(Array.from({ length: 10_000 }, (_, index) => seedOf(7, index)));
  expect(seeds.size).toBe(10_000);
  expect(seedOf(1, 2)).not.toBe(seedOf(2, 1));
  expect(seedOf(0, 2 ** 32)).not.toBe(seedOf(0, 0));
  expect(seedOfText('ab')).not.toBe(seedOfText('ba'));
});

it('a normal number is around 0 with a deviation of 1', () => {
  const random = createRandom(3);
  const values = many(() => gaussian(random));
  expect(mean(values)).toBeCloseTo(0, 1);
  expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1);
});

it('a count has the mean it is asked for, small and large', () => {
  const random = createRandom(5);
  for (const wanted of [0, 0.5, 2, 80]) {
    const values = many(() => poisson(wanted, random));
    expect(mean(values)).toBeGreaterThanOrEqual(wanted * 0.95);
    expect(mean(values)).toBeLessThanOrEqual(wanted * 1.05);
    expect(values.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
  }
});
