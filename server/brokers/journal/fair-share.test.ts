import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShare } from './fair-share.ts';

test('with room for all nobody is cut', () => {
  expect(fairShare([5, 1, 3], 9)).toBe(Number.POSITIVE_INFINITY);
  expect(fairShare([], 0)).toBe(Number.POSITIVE_INFINITY);
});

test('small ones stay whole, and large ones share the rest', () => {
  expect(fairShare([10, 1, 20, 3], 10)).toBe(3);
  expect(fairShare([10, 10], 0)).toBe(0);
});

test('nothing is over the room, and none of it is left while somebody is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 30 }), fc.nat(5000), (sizes, room) => {
      const share = fairShare(sizes, room);
      const taken = sizes.reduce((sum, size) => sum + Math.min(size, share), 0);
      if (share === Number.POSITIVE_INFINITY) expect(taken).toBeLessThanOrEqual(room);
      else expect(taken).toBeCloseTo(room);
    }),
  );
});
