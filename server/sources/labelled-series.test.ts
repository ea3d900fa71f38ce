import { describe, expect, it } from 'vitest';
import { columnsOf, type LabelledSeries, rowsOf } from './labelled-series.ts';
import { legendOf } from './legend.ts';

type Point = readonly [t: number, value: number | null];
const series = (labels: object, ...points: Point[]): LabelledSeries => ({ labels: { ...labels }, points });

describe('a table', () => {
  it('has a row for each series, with its labels', () => {
    const all = [
      series({ __name__: 'up', job: 'a', instance: 'x:1' }, [1000, 1]),
      series({ value: 'v', series: 's', t: '5' }, [1000, null]),
    ];
    expect(rowsOf(all, undefined)).toEqual([
      { series: 'up{instance="x:1", job="a"}', value: 1, __name__: 'up', job: 'a', instance: 'x:1' },
      expect.objectContaining({ value: null, exported_value: 'v', exported_series: 's', exported_t: '5' }),
    ]);
  });
});

describe('columns', () => {
  it('share their times; where one has no value, and where all have none, there is null', () => {
    const all = [series({ i: 'a' }, [1000, 1], [2000, null], [5000, 5]), series({ i: 'b' }, [2000, 20], [6000, null])];
    expect(columnsOf(all, '{{i}}', 1000).columns).toEqual({
      t: [1000, 2000, 3000, 4000, 5000, 6000],
      a: [1, null, null, null, 5, null],
      b: [null, 20, null, null, null, null],
    });
  });

  it('of the same name are told; one is never called like the time', () => {
    const all = ['t', '', '__proto__', '__proto__'].map((i, index) => series({ i }, [1000, index + 1]));
    const { columns, twice } = columnsOf(all, '{{i}}', 1000);
    expect(JSON.stringify(columns)).toBe('{"t":[1000],"exported_t":[1],"exported_series":[2],"__proto__":[3]}');
    expect(twice).toEqual(['__proto__']);
  });

  it('of times without end take no time', () => {
    expect(columnsOf([series({}, [0, 1], [1e15, 2])], undefined, 1000).columns['t']).toEqual([0, 1e15]);
    expect(columnsOf([], undefined, 1000).columns).toEqual({ t: [] });
  });
});

describe('a legend', () => {
  const labels = { __name__: 'up', job: 'a', instance: 'x:1' };
  it.each([
    [undefined, 'up{instance="x:1", job="a"}'],
    ['{{job}} on {{ instance }}', 'a on x:1'],
    ['{{none}}-{{constructor}}', '-'],
    ['{{__name__}}', 'up'],
    ['plain {job}', 'plain {job}'],
  ])('%s is %s', (template, text) => {
    expect(legendOf(labels, template)).toBe(text);
  });

  it('of no labels is something all the same', () => {
    expect(legendOf({}, undefined)).toBe('{}');
    expect(legendOf({ __name__: 'up' }, undefined)).toBe('up');
    expect(legendOf({ a: '"\n' }, undefined)).toBe('{a="\\"\\n"}');
  });
});
