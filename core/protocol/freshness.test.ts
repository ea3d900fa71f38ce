import { expect, test } from 'vitest';
import { freshnessOfAge } from './freshness.ts';

test('without a cadence, age says nothing', () => {
  expect(freshnessOfAge(Number.MAX_SAFE_INTEGER, undefined)).toBe('quiet');
});

test.each([
  [0, 'ok'],
  [2000, 'ok'],
  [2001, 'late'],
  [5000, 'late'],
  [5001, 'stale'],
  [Number.POSITIVE_INFINITY, 'stale'],
])('with a publication expected each second, %d ms are %s', (ageMs, state) => {
  expect(freshnessOfAge(ageMs, 1000)).toBe(state);
});

test('a clock that went back is not late', () => expect(freshnessOfAge(-5000, 1000)).toBe('ok'));
