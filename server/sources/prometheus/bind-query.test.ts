import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindQuery } from './bind-query.ts';

describe('a parameter', () => {
  it('is the value of a label, in quotes', () => {
    expect(bindQuery('up{job=:job,instance!= :host} > 5', { job: 'a b', host: 'x:9' })).toBe(
      'up{job="a b",instance!= "x:9"} > 5',
    );
    expect(bindQuery('sum(rate(x{a=:v}[5m])) / sum(y{b=:v })', { v: 7 })).toBe(
      'sum(rate(x{a="7"}[5m])) / sum(y{b="7" })',
    );
    expect(bindQuery('x{a=:t, "b.c"=:t}', { t: true })).toBe('x{a="true", "b.c"="true"}');
  });

  it.each([
    ['"} or vector(1) or up{a="', '"\\"} or vector(1) or up{a=\\""'],
    ['a\\', '"a\\\\"'],
    ['a\nb\u0000', '"a\\u000ab\\u0000"'],
    ['上海', '"上海"'],
    ['\ud800', '"\ufffd"'],
  ])('cannot leave its place: %j', (value, text) => {
    expect(bindQuery('up{a=:v}', { v: value })).toBe(`up{a=${text}}`);
  });

  it('is a text behind a pattern’s operator too, not a pattern', () => {
    expect(bindQuery('up{a=~:v,b!~:v}', { v: '.*|a(b)' })).toBe(
      'up{a=~"\\\\.\\\\*\\\\|a\\\\(b\\\\)",b!~"\\\\.\\\\*\\\\|a\\\\(b\\\\)"}',
    );
  });

  it('whatever it is, stays one text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const bound = bindQuery('up{a=:v}', { v: value });
        const text = bound.slice('up{a='.length, -1);
        expect(text).toMatch(/^"(?:[^"\\\p{Cc}]|\\["\\]|\\u[0-9a-f]{4})*"$/u);
        expect(JSON.parse(text)).toBe(Buffer.from(value).toString());
      }),
    );
  });

  it.each([
    ['x{a=:job}', { job: 'a', other: 'b' }, 'the query has no place for the parameter other'],
    ['rate(x[:range])', { range: '5m' }, 'no place for the parameter range: it can only be the value of a label'],
    ['x > :least', { least: 5 }, 'no place for the parameter least'],
    ['x{a=":v"}', { v: 'a' }, 'no place for the parameter v'],
    ["x{a=':v'}", { v: 'a' }, 'no place for the parameter v'],
    ['x{a=`:v`}', { v: 'a' }, 'no place for the parameter v'],
    ['x # {a=:v}', { v: 'a' }, 'no place for the parameter v'],
    ['x{a=:v:w}', { v: 'a' }, 'no place for the parameter v'],
    ['job:requests:rate5m', { requests: 'a' }, 'no place for the parameter requests'],
    ['x{a=:jbo}', { job: 'a' }, 'the query has a parameter ":jbo" that there is none of; params names job'],
    ['x{a=:jbo}', {}, 'that there is none of; params names none'],
    ['x{a=:constructor}', {}, 'that there is none of'],
  ])('that cannot be bound is told at once: %s', (query, values, sentence) => {
    expect(() => bindQuery(query, values)).toThrow(sentence);
  });
});

it.each([
  'job:requests:rate5m{a="b"}',
  'rate(x[5m:1m] offset 1h)',
  'x{a="}", b=\'{\', c="\\"{=:v"} # :v } {',
  'a == bool b and c{d=~"e"}',
  'x{a="unclosed',
])('what has no parameters stays as it is: %s', (query) => {
  expect(bindQuery(query, {})).toBe(query);
});
