import type { JsonObject, JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusal, run } from '../run.contract.ts';

const values = (list: readonly JsonValue[]): JsonValue[] => list.map((v) => ({ v }));
const column = (rows: JsonValue, field = 'x'): JsonValue[] => (rows as JsonObject[]).map((row) => row[field] ?? null);
const over = (list: readonly JsonValue[], field: object) =>
  column(run(values(list), [{ type: 'window', fields: { x: { field: 'v', ...field } } }]));

test('[T11] moving aggregates look at this row and those before it', () => {
  const list = [4, null, 2, 'n/a', 9];
  expect(over(list, { op: 'sum', rows: 3 })).toEqual([4, 4, 6, 2, 11]);
  expect(over(list, { op: 'avg', rows: 3 })).toEqual([4, 4, 3, 2, 5.5]);
  expect(over(list, { op: 'min', rows: 2 })).toEqual([4, 4, 2, 2, 9]);
  expect(over(list, { op: 'max', rows: 2 })).toEqual([4, 4, 2, 2, 9]);
  expect(over(list, { op: 'count', rows: 2 })).toEqual([1, 1, 1, 2, 2]);
  expect(over([null, null, 1], { op: 'sum', rows: 2 })).toEqual([null, null, 1]);
});

test('[T11] totals, differences, lags and numbers', () => {
  const list = [4, null, 2, 'n/a', 9];
  expect(over(list, { op: 'total' })).toEqual([4, 4, 6, 6, 15]);
  expect(over(list, { op: 'difference' })).toEqual([null, null, -2, null, 7]);
  expect(over(list, { op: 'lag' })).toEqual([null, 4, null, 2, 'n/a']);
  expect(over(list, { op: 'lag', rows: 2 })).toEqual([null, null, 4, null, 2]);
  expect(over(list, { op: 'number' })).toEqual([1, 2, 3, 4, 5]);
});

test('[T11] a window of time, and a rate for each second', () => {
  const columns = { t: [0, 1000, 2000, 2000, 5000], v: [0, 10, 40, 50, null] };
  const fields = { mean: { op: 'avg', field: 'v', ms: 1500 }, perSecond: { op: 'rate', field: 'v' } };
  expect(run(columns, [{ type: 'window', fields }])).toEqual({
    ...columns,
    mean: [0, 5, 25, 100 / 3, null],
    perSecond: [null, 10, 30, null, null],
  });
});

test('[T11] groups have windows of their own, and rows stay in their order', () => {
  const rows = ['a', 'b', 'a', 'b'].map((s, v) => ({ s, v }));
  const window = { type: 'window', by: ['s'], fields: { x: { op: 'total', field: 'v' } } };
  expect(column(run(rows, [window]))).toEqual([0, 1, 2, 4]);
});

test('[T11] a time that goes back is refused with its row; a row without one has null', () => {
  const window = { type: 'window', fields: { x: { op: 'sum', field: 'v', ms: 10 } } };
  expect(column(run([{ t: 1, v: 1 }, { v: 5 }, { t: 2, v: 2 }], [window]))).toEqual([1, null, 3]);
  expect(refusal([window], [{ t: 5 }, { t: 4 }])).toBe(
    'shape_mismatch transforms[0].time at [1]: goes back from 5 to 4: sort by it first',
  );
});

test('[T16] a field that lacks its window, or has one that means nothing, is refused', () => {
  const window = (field: object) => refusal([{ type: 'window', fields: { x: field } }]);
  expect(window({ op: 'sum', field: 'v' })).toBe(
    'bad_request transforms[0].fields.x: sum needs a window: rows or ms, one of them',
  );
  expect(window({ op: 'sum', field: 'v', rows: 1, ms: 1 })).toContain('one of them');
  expect(window({ op: 'total', field: 'v', rows: 2 })).toContain('fields.x.rows: total has no window of rows');
  expect(window({ op: 'rate', field: 'v', ms: 2 })).toContain('fields.x.ms: rate has no window of time');
  expect(window({ op: 'lag' })).toContain('lag needs a field');
});

test('[T11] a moving window makes what adding its rows up makes', () => {
  const value = fc.option(fc.integer({ min: -1000, max: 1000 }));
  fc.assert(
    fc.property(fc.array(value), fc.integer({ min: 1, max: 10 }), (list, rows) => {
      const windows = list.map((_, at) => list.slice(Math.max(0, at + 1 - rows), at + 1).filter((v) => v !== null));
      const expected = (make: (numbers: number[]) => number) =>
        windows.map((one) => (one.length > 0 ? make(one) : null));
      expect(over(list, { op: 'sum', rows })).toEqual(expected((one) => one.reduce((a, b) => a + b)));
      expect(over(list, { op: 'max', rows })).toEqual(expected((one) => Math.max(...one)));
      expect(over(list, { op: 'min', rows })).toEqual(expected((one) => Math.min(...one)));
    }),
  );
});
