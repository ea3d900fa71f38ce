import { expect, test } from 'vitest';
import { nearestNames } from './nearest.ts';

const KNOWN = ['TextTitle', 'CardStat', 'ChartLineBasic', 'ChartColumnBasic', 'ChartTimeStream', 'Gauge', 'TimeClock'];

test('a slip of the finger is found', () => {
  expect(nearestNames('ChartLineBasik', KNOWN)[0]).toBe('ChartLineBasic');
  expect(nearestNames('gauge', KNOWN)[0]).toBe('Gauge');
});

test('a part of a name is found', () => {
  expect(nearestNames('Stat', KNOWN)).toEqual(['CardStat']);
});

test('what is like nothing suggests nothing', () => {
  expect(nearestNames('Zzzzzzzzzzzz', KNOWN)).toEqual([]);
  expect(nearestNames('x'.repeat(100_000), KNOWN)).toEqual([]);
});
