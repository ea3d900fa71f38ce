import { expect, test } from 'vitest';
import { nearestNames } from './nearest-name.ts';

test('a typing mistake leads to the name that was meant', () => {
  const names = ['port', 'host', 'dataDir', 'demo'];
  expect(nearestNames('prot', names)).toEqual(['port']);
  expect(nearestNames('datadir', names)).toEqual(['dataDir']);
  expect(nearestNames('hots', names)).toEqual(['host']);
});

test('what resembles nothing gets no suggestion', () => {
  expect(nearestNames('colour', ['port', 'host'])).toEqual([]);
});

test('several are given nearest first', () => {
  expect(nearestNames('plant/oee', ['plant/oee1', 'plant/oee22', 'plant/oee', 'other'], 3)).toEqual([
    'plant/oee',
    'plant/oee1',
    'plant/oee22',
  ]);
});
