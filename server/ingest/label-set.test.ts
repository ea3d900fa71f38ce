import { parseTopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Label, LEAST_ID_LENGTH, labelSetId } from './label-set.ts';

const labels = (...pairs: [string, string][]): Label[] => pairs.map(([name, value]) => ({ name, value }));

test('[I1] labels stand in the order of their names, however they come', () => {
  expect(labelSetId(labels(['region', 'eu'], ['host', 'a b']), 200)).toBe('host=a~20b,region=eu');
  expect(labelSetId(labels(['host', 'a b'], ['region', 'eu']), 200)).toBe('host=a~20b,region=eu');
});

test('[I1] a series without labels is called "-", which no label set is', () => {
  expect(labelSetId([], 200)).toBe('-');
  expect(labelSetId(labels(['-', '']), 200)).toBe('-=');
});

test('[I2] a label set that is too long keeps the labels that fit, and a hash of all of them', () => {
  const long = labels(['a', '1'], ['b', '2'], ['c', 'x'.repeat(60)], ['d', '4']);
  const id = labelSetId(long, 40);
  expect(id).toMatch(/^a=1,b=2,~~[0-9a-f]{16}$/);
  expect(labelSetId(long.toReversed(), 40)).toBe(id);
  expect(labelSetId(labels(['a', '1'], ['b', '2'], ['c', 'x'.repeat(60)], ['d', '5']), 40)).not.toBe(id);
  expect(labelSetId(labels(['a', 'x'.repeat(60)]), LEAST_ID_LENGTH)).toMatch(/^~~[0-9a-f]{16}$/);
});

test('[I2] every label set fits, and different ones are different', () => {
  const label = fc.record({
    name: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    value: fc.string({ unit: 'binary', maxLength: 12 }),
  });
  const set = fc.uniqueArray(label, { selector: ({ name }) => name, maxLength: 6 });
  fc.assert(
    fc.property(set, set, fc.integer({ min: LEAST_ID_LENGTH, max: 120 }), (one, other, room) => {
      const id = labelSetId(one, room);
      expect(id.length).toBeLessThanOrEqual(room);
      expect(parseTopicName(`a/${id}`)).toBeDefined();
      const text = (all: Label[]) => JSON.stringify([...all].sort((a, b) => (a.name < b.name ? -1 : 1)));
      expect(labelSetId(other, room) === id).toBe(text(one) === text(other));
    }),
  );
});
