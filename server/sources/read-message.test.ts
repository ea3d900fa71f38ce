import { describe, expect, test } from 'vitest';
import { readMessage } from './read-message.ts';

const at = 1_700_000_000_000;
const by = { field: 'subject', name: 'plant.a' };

describe('a message', () => {
  test.each([
    ['{"a":1}', 'json', 'log', { a: 1 }],
    ['{"a":1}', 'text', 'log', { t: at, text: '{"a":1}' }],
    ['{"a":1}', 'auto', 'log', { a: 1 }],
    ['on', 'auto', 'log', { t: at, text: 'on' }],
    ['"on"', 'json', 'log', 'on'],
    ['on', 'auto', 'state', 'on'],
    ['on', 'text', 'signal', 'on'],
    ['{"id":1}', 'json', 'table', [{ id: 1 }]],
    ['[{"id":1},{"id":2}]', 'json', 'table', [{ id: 1 }, { id: 2 }]],
    ['21.5', 'json', 'series', { t: at, value: 21.5 }],
    ['21.5', 'auto', 'series', { t: at, value: 21.5 }],
    ['{"t":5,"c":1,"d":null,"e":"x"}', 'json', 'series', { t: 5, c: 1, d: null }],
  ] as const)('%s read as %s is, in a topic of kind %2$s, data', (text, format, topicKind, data) => {
    expect(readMessage(text, at, { format, topicKind })).toEqual({ data });
  });

  test.each([
    ['on', 'json', 'log', /is not JSON .*: on$/],
    ['', 'json', 'log', /is not JSON/],
    ['NaN', 'json', 'state', /is not JSON/],
    [`[${'['.repeat(70)}`, 'json', 'log', /nests deeper/],
    ['7', 'json', 'table', /is not an object: 7/],
    ['[1]', 'json', 'table', /is not an object/],
    ['"x"', 'json', 'series', /is not an object, nor a number/],
    ['{"e":"x"}', 'json', 'series', /has no number/],
  ] as const)('%s read as %s is refused by a topic of kind %s', (text, format, topicKind, says) => {
    expect(readMessage(text, at, { format, topicKind })).toEqual({ refused: expect.stringMatching(says) });
  });

  test('which came by a pattern carries its name beside its data, or as a row', () => {
    const log = { format: 'auto', topicKind: 'log' } as const;
    expect(readMessage('on', at, log, by)).toEqual({ data: { subject: 'plant.a', data: 'on' } });
    const table = { format: 'json', topicKind: 'table' } as const;
    expect(readMessage('7', at, table, by)).toEqual({ data: [{ subject: 'plant.a', t: at, value: 7 }] });
    expect(readMessage('{"t":1,"subject":"x","v":2}', at, table, by)).toEqual({
      data: [{ subject: 'plant.a', t: 1, v: 2 }],
    });
  });

  test('that is empty takes the row of its name away, where rows are known by their name', () => {
    const table = { format: 'json', topicKind: 'table' } as const;
    expect(readMessage('', at, table, by)).toEqual({ gone: 'plant.a' });
    expect(readMessage('', at, { ...table, keyField: 'subject' }, by)).toEqual({ gone: 'plant.a' });
    expect(readMessage('', at, { ...table, keyField: 'id' }, by)).toEqual({ refused: expect.any(String) });
    expect(readMessage('', at, { format: 'text', topicKind: 'log' }, by)).toEqual({
      data: { subject: 'plant.a', data: '' },
    });
  });

  test('cannot name a prototype', () => {
    const reading = readMessage('{"__proto__":{"x":1}}', at, { format: 'json', topicKind: 'table' }, by);
    const [row] = (reading as { data: object[] }).data;
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect(JSON.stringify(row)).toContain('"__proto__":{"x":1}');
  });

  test('of any length is complained about in a short sentence', () => {
    const reading = readMessage('x'.repeat(100_000), at, { format: 'json', topicKind: 'log' });
    expect((reading as { refused: string }).refused.length).toBeLessThan(250);
  });
});
