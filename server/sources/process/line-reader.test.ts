import { describe, expect, it } from 'vitest';
import { createLineReader } from './line-reader.ts';

const AT = 1_700_000_000_000;

describe('a line of text', () => {
  it('is an entry with its time in a log, and the value itself in a state', () => {
    expect(createLineReader({ parse: 'text', topicKind: 'log' })(' a b ', AT)).toEqual({
      data: { t: AT, text: ' a b ' },
    });
    expect(createLineReader({ parse: 'text', topicKind: 'state' })('up', AT)).toEqual({ data: 'up' });
  });
});

describe('a line of JSON', () => {
  it('is its value', () => {
    expect(createLineReader({ parse: 'json', topicKind: 'log' })('[1, "a"]', AT)).toEqual({ data: [1, 'a'] });
  });

  it('that is empty carries nothing', () => {
    expect(createLineReader({ parse: 'json', topicKind: 'log' })('  ', AT)).toBeUndefined();
  });

  it('that is none, or nests too deep, is refused with the line', () => {
    const read = createLineReader({ parse: 'json', topicKind: 'log' });
    expect(read('{oops', AT)).toMatchObject({ refused: expect.stringMatching(/^a line is not JSON .*\{oops$/) });
    expect(read('['.repeat(100_000), AT)).toMatchObject({ refused: expect.stringMatching(/deeper/) });
  });

  it('is a point of a series by its numbers, with the time it came when it has none', () => {
    const read = createLineReader({ parse: 'json', topicKind: 'series' });
    expect(read('{"t":5,"a":1,"host":"x","b":null}', AT)).toEqual({ data: { t: 5, a: 1, b: null } });
    expect(read('{"a":1}', AT)).toEqual({ data: { t: AT, a: 1 } });
    expect(read('{"host":"x"}', AT)).toEqual({ refused: 'a line has no number: {"host":"x"}' });
    expect(read('[1]', AT)).toEqual({ refused: 'a line is not an object: [1]' });
  });

  it('may name a field __proto__', () => {
    const reading = createLineReader({ parse: 'json', topicKind: 'series' })('{"t":1,"__proto__":2}', AT);
    expect(JSON.stringify(reading)).toBe('{"data":{"t":1,"__proto__":2}}');
  });
});

describe('a line of CSV', () => {
  it('is a row by the names of the first line', () => {
    const read = createLineReader({ parse: 'csv', topicKind: 'table' });
    expect(read('id,n,ok,note', AT)).toBeUndefined();
    expect(read('', AT)).toBeUndefined();
    expect(read('a,1.5,true,', AT)).toEqual({ data: { id: 'a', n: 1.5, ok: true, note: null } });
    expect(read('007,x,"no, yes",z', AT)).toEqual({ data: { id: '007', n: 'x', ok: 'no, yes', note: 'z' } });
    expect(read('a,b', AT)).toEqual({ refused: 'a line has 2 cells where the header has 4: a,b' });
    expect(read('a,"b', AT)).toEqual({ refused: 'a line has a quote in column 2 that is never closed: a,"b' });
    expect(read('b,NaN,-inf,#N/A', AT)).toEqual({ data: { id: 'b', n: null, ok: null, note: null } });
  });

  it('has columns with a name of their own, though the header names them twice or not at all', () => {
    const read = createLineReader({ parse: 'csv', topicKind: 'log' });
    expect(read('a,,a', AT)).toBeUndefined();
    expect(read('1,2,3', AT)).toEqual({ data: { a: 1, column2: 2, a_2: 3 } });
  });

  it('is refused while the header has too many columns', () => {
    const read = createLineReader({ parse: 'csv', topicKind: 'log' });
    expect(read(','.repeat(300), AT)).toEqual({ refused: 'the header has 301 columns, at most 256 are read' });
    expect(read('a,b', AT)).toBeUndefined();
  });
});
