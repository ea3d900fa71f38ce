import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

test('items are found by the number they were pushed with, whatever was dropped since', () => {
  const ring = new Ring<string>(10);
  for (const item of ['a', 'b', 'c']) ring.push(item);
  expect(ring.shift()).toBe('a');
  expect([ring.first, ring.end, ring.length]).toEqual([11, 13, 2]);
  expect([ring.at(9), ring.at(10), ring.at(11), ring.at(12), ring.at(13)]).toEqual([
    undefined,
    undefined,
    'b',
    'c',
    undefined,
  ]);
});

test('an empty ring has nothing to drop and keeps its number', () => {
  const ring = new Ring<number>(1);
  expect(ring.shift()).toBeUndefined();
  expect([ring.first, ring.end]).toEqual([1, 1]);
});

test('a ring is the newest part of an endless list, for any run of pushes and drops', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('push' as const) },
    { weight: 5, arbitrary: fc.constant('shift' as const) },
  );
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 1000 }), fc.array(step, { maxLength: 400 }), (start, steps) => {
      const ring = new Ring<number>(start);
      const all: number[] = [];
      let first = 0;
      for (const what of steps) {
        if (what === 'push') {
          ring.push(all.length * 7);
          all.push(all.length * 7);
        } else {
          const expected = first < all.length ? all[first++] : undefined;
          expect(ring.shift()).toBe(expected);
        }
        expect([ring.first, ring.end, ring.length]).toEqual([start + first, start + all.length, all.length - first]);
      }
      for (let i = -2; i < all.length + 2; i++) expect(ring.at(start + i)).toBe(i >= first ? all[i] : undefined);
    }),
  );
});
