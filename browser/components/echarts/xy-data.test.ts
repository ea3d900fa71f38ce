import { describe, expect, it } from 'vitest';
import { groupRows } from './xy-data.ts';

describe('groupRows', () => {
  it('groups by series, those of the props first', () => {
    const rows = [
      { x: 'a', y: 1, s: 'old' },
      { x: 'a', y: 2, s: 'new' },
      { x: 'b', y: 3, s: 'new' },
    ];
    const data = groupRows(rows, 'auto', ['new']);
    expect(data.categories).toEqual(['a', 'b']);
    expect(data.series).toEqual([
      { name: 'new', points: [2, 3], last: 3, alone: false },
      { name: 'old', points: [1, null], last: 1, alone: true },
    ]);
    expect([data.low, data.high]).toEqual([1, 3]);
  });

  it('tells times from categories and numbers', () => {
    expect(groupRows([{ x: 1_700_000_000_000, y: 1 }], 'auto', []).xType).toBe('time');
    expect(groupRows([{ x: 3, y: 1 }], 'auto', []).xType).toBe('value');
    expect(groupRows([{ x: '3', y: 1 }], 'auto', []).xType).toBe('category');
    expect(groupRows([], 'auto', [])).toMatchObject({ xType: 'category', series: [], low: Number.NaN });
  });

  it('makes categories of numbers for marks that have a width, in the order of the numbers', () => {
    const rows = [
      { x: 0, y: 1, s: 'a' },
      { x: 2, y: 2, s: 'a' },
      { x: 1, y: 3, s: 'b' },
    ];
    const data = groupRows(rows, 'auto', [], true);
    expect(data).toMatchObject({ xType: 'category', categories: [0, 1, 2] });
    expect(groupRows(rows, 'category', [], true).categories).toEqual([0, 2, 1]);
    expect(groupRows(rows, 'value', [], true)).toMatchObject({
      xType: 'value',
      places: { first: 0, last: 2, step: 2 },
    });
  });

  it('makes a gap of what is no number', () => {
    const rows = [
      { x: 'a', y: Number.NaN },
      { x: 'b', y: null },
      { x: 'c', y: Number.POSITIVE_INFINITY },
    ];
    expect(groupRows(rows, 'auto', [])).toMatchObject({
      series: [{ points: [null, null, null], last: null }],
      low: Number.NaN,
      high: Number.NaN,
    });
  });

  it('orders places on a number axis and reads ISO times', () => {
    const later = '2026-11-21T00:00:01Z';
    const sooner = '2026-11-21T00:00:00Z';
    const rows = [
      { x: later, y: 2 },
      { x: sooner, y: 1 },
      { x: 'never', y: 9 },
    ];
    expect(groupRows(rows, 'time', []).series[0]?.points).toEqual([
      [Date.parse(sooner), 1],
      [Date.parse(later), 2],
    ]);
  });

  it('keeps at most 24 series', () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ x: 'a', y: i, s: `s${i}` }));
    expect(groupRows(rows, 'auto', []).series).toHaveLength(24);
  });

  it('takes the later of two values for one category', () => {
    const rows = [
      { x: 'a', y: 1 },
      { x: 'a', y: 2 },
    ];
    expect(groupRows(rows, 'auto', []).series[0]?.points).toEqual([2]);
  });
});
