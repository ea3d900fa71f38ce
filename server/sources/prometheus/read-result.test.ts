import { describe, expect, it } from 'vitest';
import { legendOf } from './legend.ts';
import { columnsOf, readResult, rowsOf } from './read-result.ts';

const answer = (resultType: string, result: unknown) => ({ status: 'success', data: { resultType, result } }) as never;
const read = (type: string, result: unknown) => readResult(answer(type, result), 'Prometheus');

describe('a value', () => {
  it.each(['NaN', '+Inf', '-Inf', 'Inf', '', 'x', '1e400'])('that is no finite number (%s) is null', (text) => {
    expect(read('vector', [{ metric: {}, value: [1, text] }]).series[0]?.points).toEqual([[1000, null]]);
  });

  it.each([
    ['0', 0],
    ['-1.5', -1.5],
    ['1e-7', 1e-7],
    ['9007199254740993', 9007199254740992],
  ])('that is one (%s) is a number', (text, value) => {
    expect(read('scalar', [1700000000.1234, text]).series[0]?.points).toEqual([[1700000000123, value]]);
  });
});

it.each([
  [{}],
  [{ data: { resultType: 'vector' } }],
  [{ data: { resultType: 'other', result: [] } }],
  [{ data: { resultType: 'vector', result: [{ metric: 1, value: [1, '1'] }] } }],
  [{ data: { resultType: 'vector', result: [{ metric: {}, value: ['1', 1] }] } }],
  [{ data: { resultType: 'vector', result: [null] } }],
  [{ data: { resultType: 'matrix', result: [{ metric: {}, values: {} }] } }],
  [{ data: { resultType: 'scalar', result: [] } }],
  [[]],
  ['text'],
])('an answer of another shape is told as such: %j', (value) => {
  expect(() => readResult(value as never, 'Prometheus at h')).toThrow('Prometheus at h answers with something else');
});

it('texts and histograms are no numbers', () => {
  expect(() => read('string', [1, 'abc'])).toThrow('answers with a text');
  expect(() => read('vector', [{ metric: {}, histogram: [1, {}] }])).toThrow('histogram_quantile()');
});

describe('a table', () => {
  it('has a row for each series, with its labels', () => {
    const { series } = read('vector', [
      { metric: { __name__: 'up', job: 'a', instance: 'x:1' }, value: [1, '1'] },
      { metric: { value: 'v', series: 's', t: '5', ['__proto__']: 'p' }, value: [1, 'NaN'] },
    ]);
    expect(rowsOf(series, undefined)).toEqual([
      { series: 'up{instance="x:1", job="a"}', value: 1, __name__: 'up', job: 'a', instance: 'x:1' },
      expect.objectContaining({ value: null, exported_value: 'v', exported_series: 's', exported_t: '5' }),
    ]);
  });
});

describe('columns', () => {
  const of = (result: unknown, legend?: string) => columnsOf(read('matrix', result).series, legend, 1000);

  it('share their times; where one has no value, and where all have none, there is null', () => {
    const result = [
      {
        metric: { i: 'a' },
        values: [
          [1, '1'],
          [2, 'NaN'],
          [5, '5'],
        ],
      },
      {
        metric: { i: 'b' },
        values: [
          [2, '20'],
          [6, '+Inf'],
        ],
      },
    ];
    expect(of(result, '{{i}}').columns).toEqual({
      t: [1000, 2000, 3000, 4000, 5000, 6000],
      a: [1, null, null, null, 5, null],
      b: [null, 20, null, null, null, null],
    });
  });

  it('of the same name are told; one is never called like the time', () => {
    const result = [
      { metric: { i: 't' }, values: [[1, '1']] },
      { metric: { i: '' }, values: [[1, '2']] },
      { metric: { i: '__proto__' }, values: [[1, '3']] },
      { metric: { i: '__proto__' }, values: [[1, '4']] },
    ];
    const { columns, twice } = of(result, '{{i}}');
    expect(JSON.stringify(columns)).toBe('{"t":[1000],"exported_t":[1],"exported_series":[2],"__proto__":[3]}');
    expect(twice).toEqual(['__proto__']);
  });

  it('of times without end take no time', () => {
    expect(
      of([
        {
          metric: {},
          values: [
            [0, '1'],
            [1e12, '2'],
          ],
        },
      ]).columns.t,
    ).toEqual([0, 1e15]);
    expect(of([]).columns).toEqual({ t: [] });
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
