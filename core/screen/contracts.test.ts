import type { JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTRACT_EXAMPLES, type ContractName, fitContract, MAX_ROWS, MAX_SERIES } from './contracts.ts';

const NAMES = Object.keys(CONTRACT_EXAMPLES) as ContractName[];

function mismatchOf(name: ContractName, data: JsonValue) {
  const fit = fitContract(name, data);
  return fit.fits ? 'fits' : { path: fit.mismatch.path, got: fit.mismatch.got };
}

function rowsOf(name: ContractName, data: JsonValue | object) {
  const fit = fitContract(name, data);
  if (!fit.fits) throw new Error(`${name} refused at ${fit.mismatch.path}`);
  return fit.rows;
}

test.each(NAMES)('the example of %s fits its own contract', (name) => {
  expect(fitContract(name, CONTRACT_EXAMPLES[name]).fits).toBe(true);
});

describe('[S4] shapes that mean the same are accepted', () => {
  test('one row for a list of one', () => {
    expect(rowsOf('XY', { x: 'Mon', y: 1 })).toEqual([{ x: 'Mon', y: 1 }]);
    expect(rowsOf('KV', [{ value: 1 }])).toEqual({ value: 1 });
  });

  test('a bare number or text for one value', () => {
    expect(rowsOf('KV', 5)).toEqual({ value: 5 });
    expect(rowsOf('KV', 'idle')).toEqual({ value: 'idle' });
  });

  test('rows with t for columns, a missing field being null and text left out', () => {
    expect(
      rowsOf('TS', [
        { t: 1, a: 5 },
        { t: 2, b: 6, note: 'x' },
      ]),
    ).toEqual({ t: [1, 2], a: [5, null], b: [null, 6] });
    expect(rowsOf('TS', { t: 1, a: 5 })).toEqual({ t: [1], a: [5] });
  });

  test('columns are handed on without being copied', () => {
    const columns = { t: [1, 2], a: [3, null] };
    expect(rowsOf('TS', columns)).toBe(columns);
  });

  test('fields that the contract does not name are ignored', () => {
    expect(mismatchOf('NV', [{ name: 'a', value: 1, colour: [] }])).toBe('fits');
  });
});

describe('[S5] what does not fit is named by its path and by what came', () => {
  test.each<[ContractName, JsonValue, string, string]>([
    ['XY', 7, '', '7'],
    ['XY', [{ x: 1, y: 1 }, 3], '[1]', '3'],
    ['XY', [{ y: 1 }], '[0].x', 'nothing'],
    ['XY', [{ x: 1, y: 'high' }], '[0].y', '"high"'],
    ['XY', [{ x: 1, y: 1, s: 2 }], '[0].s', '2'],
    ['NV', [{ name: 'a' }], '[0].value', 'nothing'],
    ['NV', [{ name: 1, value: 2 }], '[0].name', '1'],
    ['KV', {}, '.value', 'nothing'],
    ['KV', [1, 2], '', 'a list'],
    ['KV', { value: 1, unit: 5 }, '.unit', '5'],
    ['KV', { value: 1, target: '9' }, '.target', '"9"'],
    ['KV', { value: 1, status: 'red' }, '.status', '"red"'],
    ['TS', 'now', '', '"now"'],
    ['TS', {}, '.t', 'nothing'],
    ['TS', { t: [1, 'x'] }, '.t[1]', '"x"'],
    ['TS', { t: [1, 2], a: [1] }, '.a', '1 values'],
    ['TS', { t: [1], a: ['x'] }, '.a[0]', '"x"'],
    ['TS', [{ a: 1 }], '[0].t', 'nothing'],
    ['ROWS', ['a'], '[0]', '"a"'],
  ])('%s %j', (name, data, path, got) => {
    expect(mismatchOf(name, data)).toEqual({ path, got });
  });

  test('what came is cut to a readable length', () => {
    const fit = fitContract('KV', { value: { text: 'x'.repeat(500) } });
    expect(fit.fits ? 0 : fit.mismatch.got.length).toBeLessThanOrEqual(60);
  });
});

describe('[S6] what would make a page slow is refused', () => {
  test('too many rows, points or series', () => {
    const rows = Array.from({ length: MAX_ROWS + 1 }, () => ({ x: 1, y: 1 }));
    expect(mismatchOf('XY', rows)).toEqual({ path: '', got: '100001 rows' });
    expect(mismatchOf('TS', { t: Array.from({ length: MAX_ROWS + 1 }, () => 1) })).toEqual({
      path: '.t',
      got: '100001 times',
    });
    const wide = Object.fromEntries(Array.from({ length: MAX_SERIES + 1 }, (_, i) => [`s${i}`, [1]]));
    expect(mismatchOf('TS', { t: [1], ...wide })).toEqual({ path: '', got: '257 or more' });
  });

  test('rows that each bring a new field do not make columns of rows times rows', () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => ({ t: i, [`s${i}`]: 1 }));
    expect(mismatchOf('TS', rows)).toEqual({ path: '', got: '257 or more' });
  });
});

test('any JSON either fits or is refused with words, and nothing throws', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.jsonValue(), (name, data) => {
      const fit = fitContract(name, data as JsonValue);
      if (!fit.fits) expect(fit.mismatch.expected).not.toBe('');
    }),
    { numRuns: 500 },
  );
});

test('what fits, fits again as the rows it made', () => {
  const row = fc.record({ t: fc.integer(), a: fc.option(fc.integer()), b: fc.string() });
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const columns = rowsOf('TS', rows as JsonValue);
      expect(rowsOf('TS', columns as object)).toBe(columns);
    }),
  );
});
