import { expect, test } from 'vitest';
import { createRandom } from './random.ts';

const drawn = (seed: number, name: string) => {
  const { between } = createRandom(seed, name);
  return Array.from({ length: 20 }, () => between(1, 1000));
};

test('the same seed and name make the same choices, others make others', () => {
  expect(drawn(7, 'a')).toEqual(drawn(7, 'a'));
  expect(drawn(8, 'a')).not.toEqual(drawn(7, 'a'));
  expect(drawn(7, 'b')).not.toEqual(drawn(7, 'a'));
});

test('choices stay in their bounds and reach both ends', () => {
  const { between, next, pick, shuffled } = createRandom(1, 'bounds');
  const numbers = Array.from({ length: 1000 }, () => between(3, 5));
  expect(new Set(numbers)).toEqual(new Set([3, 4, 5]));
  for (let i = 0; i < 1000; i++) {
    const one = next();
    expect(one >= 0 && one < 1).toBe(true);
  }
  expect(['a', 'b']).toContain(pick(['a', 'b']));
  expect(shuffled([1, 2, 3]).sort()).toEqual([1, 2, 3]);
});
