import type { JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { valueAt } from './path.ts';
import { transformSchema } from './schema.ts';
import { applyTransforms } from './transform.ts';

const apply = (data: JsonValue, ...steps: object[]) =>
  applyTransforms(
    data,
    steps.map((step) => transformSchema.parse(step)),
  );

test('a path walks own members and numbered items', () => {
  const value = { disk: [{ used: 7 }], 'a.b': 1 };
  expect(valueAt(value, 'disk.0.used')).toBe(7);
  expect(valueAt(value, '')).toBe(value);
  expect(
    ['disk.1.used', 'disk.length', 'disk..used', 'disk.1e0', 'toString', 'disk.0.used.x'].map((path) =>
      valueAt(value, path),
    ),
  ).toEqual(Array.from({ length: 6 }, () => undefined));
});

test('[S10] map makes the fields of a contract from paths and constants, in each row', () => {
  const rows = [{ mount: '/', use: { percent: 81 } }, { mount: '/data' }];
  const fields = { name: 'mount', value: 'use.percent', unit: { value: '%' } };
  expect(apply(rows, { type: 'map', fields })).toEqual([
    { name: '/', value: 81, unit: '%' },
    { name: '/data', unit: '%' },
  ]);
  expect(apply(rows[0] as JsonValue, { type: 'map', fields })).toEqual({ name: '/', value: 81, unit: '%' });
});

test('[S10] map picks and renames columns without copying them', () => {
  const columns = { t: [1, 2], rx: [3, 4], tx: [5, 6] };
  const picked = apply(columns, { type: 'map', fields: { t: 't', received: 'rx' } }) as typeof columns;
  expect(picked).toEqual({ t: [1, 2], received: [3, 4] });
  expect(picked.t).toBe(columns.t);
});

test('[S10] map with the empty path wraps a bare value', () => {
  expect(apply(5, { type: 'map', fields: { value: '' } })).toEqual({ value: 5 });
});

test('a field called __proto__ is only a field', () => {
  const made = applyTransforms([{ a: 1 }], [{ type: 'map', fields: JSON.parse('{"__proto__":"a"}') as { x: string } }]);
  expect(JSON.stringify(made)).toBe('[{"__proto__":1}]');
});

test('[S10] sort puts numbers before text, rows without the field last both ways, and keeps equal rows in order', () => {
  const rows = [{ v: 'b' }, { n: 1 }, { v: 10 }, { v: null }, { v: 9 }, { v: 'a' }, { v: 9, second: true }];
  expect(apply(rows, { type: 'sort', by: 'v' })).toEqual([
    { v: 9 },
    { v: 9, second: true },
    { v: 10 },
    { v: 'a' },
    { v: 'b' },
    { n: 1 },
    { v: null },
  ]);
  expect(apply(rows, { type: 'sort', by: 'v', descending: true })).toEqual([
    { v: 'b' },
    { v: 'a' },
    { v: 10 },
    { v: 9 },
    { v: 9, second: true },
    { n: 1 },
    { v: null },
  ]);
});

test('[S10] the order of sorted rows does not depend on the order they came in', () => {
  const key = fc.oneof(fc.integer(), fc.constantFrom('1x', '2', '10', ''), fc.constant(null), fc.boolean());
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 12 }), fc.boolean(), fc.func(fc.nat()), (keys, descending, chance) => {
      const rows = keys.filter((k) => k !== null).map((k) => ({ k }));
      const shuffled = rows.toSorted((a, b) => chance(a.k) - chance(b.k));
      const step = { type: 'sort', by: 'k', descending };
      expect(apply(shuffled, step)).toEqual(apply(rows, step));
    }),
  );
});

test('[S10] limit takes from either end', () => {
  const rows = [1, 2, 3, 4];
  expect(apply(rows, { type: 'limit', count: 2 })).toEqual([1, 2]);
  expect(apply(rows, { type: 'limit', count: 2, from: 'end' })).toEqual([3, 4]);
  expect(apply(rows, { type: 'limit', count: 0, from: 'end' })).toEqual([]);
  expect(apply(rows, { type: 'limit', count: 9, from: 'end' })).toEqual(rows);
});

test('[S10] steps run in order, and one that means nothing hands its input on', () => {
  const rows = [{ a: 1 }, { a: 3 }, { a: 2 }];
  expect(apply(rows, { type: 'sort', by: 'a', descending: true }, { type: 'limit', count: 1 })).toEqual([{ a: 3 }]);
  expect(apply(5, { type: 'sort', by: 'a' }, { type: 'limit', count: 1 })).toBe(5);
});

test('[S10] the input is not changed, whatever the steps', () => {
  const step = fc.constantFrom<object>(
    { type: 'sort', by: 'a' },
    { type: 'limit', count: 1, from: 'end' },
    { type: 'map', fields: { b: 'a', c: { value: 1 } } },
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(step, { maxLength: 3 }), (data, steps) => {
      const before = JSON.stringify(data);
      apply(data as JsonValue, ...steps);
      expect(JSON.stringify(data)).toBe(before);
    }),
  );
});

test('a step keeps the fields that this version does not know', () => {
  const step = { type: 'limit', count: 3, from: 'start', note: 'from a newer version' };
  expect(transformSchema.parse(step)).toEqual(step);
});
