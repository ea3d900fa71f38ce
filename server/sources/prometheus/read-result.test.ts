import { describe, expect, it } from 'vitest';
import { readResult } from './read-result.ts';

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
