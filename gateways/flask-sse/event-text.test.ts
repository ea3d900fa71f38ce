import type { Push } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventOf, eventsOf } from './event-text.ts';
import { EventReader } from './wire.contract.ts';

const textOf = (value: unknown) => eventOf(JSON.stringify(value));

describe('an event', () => {
  // What flask-sse itself writes, but for the spaces that Python leaves in JSON.
  test.each([
    [{ data: { message: 'Hi' }, type: 'greeting' }, 'event:greeting\ndata:{"message":"Hi"}\n\n'],
    [{ data: 'two\nlines', id: '7', retry: 500 }, 'data:two\ndata:lines\nid:7\nretry:500\n\n'],
    [{ data: [1, null], type: '', id: 0, retry: null }, 'data:[1,null]\n\n'],
    [{ data: null }, 'data:null\n\n'],
    [{ data: '产线' }, 'data:产线\n\n'],
  ])('of %j is written as flask-sse would', (message, text) => {
    expect(textOf(message)).toBe(text);
  });

  test.each([
    [{ value: 5 }, 'data:{"value":5}\n\n'],
    [{ data: 1, unit: 'kW' }, 'data:{"data":1,"unit":"kW"}\n\n'],
    [[{ id: 1 }], 'data:[{"id":1}]\n\n'],
    [21.5, 'data:21.5\n\n'],
    ['plain words', 'data:plain words\n\n'],
    ['', 'data:\n\n'],
  ])('of %j, which flask-sse does not publish, has the value as its data', (value, text) => {
    expect(textOf(value)).toBe(text);
  });

  test('keeps spaces that a reader would take away', () => {
    expect(readBack(textOf({ data: '  indented', type: ' x' }))).toEqual([{ type: ' x', data: '  indented', id: '' }]);
  });

  test.each([
    { data: 1, type: 'a\ndata:forged' },
    { data: 1, type: 'a\rid:9' },
    { data: 1, type: { nested: true } },
    { data: 1, type: true },
    { data: 1, id: '1\n\ndata:forged' },
    { data: 1, id: 'a\0b' },
    { data: 1, retry: '5\n\ndata:forged' },
    { data: 1, retry: -1 },
    { data: 1, retry: 1.5 },
    { data: 1, retry: [500] },
  ])('that %j would forge a line of is not sent', (message) => {
    expect(textOf(message)).toBeUndefined();
  });

  test('with a delay that has no text is not sent', () => {
    expect(eventOf('{"data":1,"retry":[{"toString":0}]}')).toBeUndefined();
    expect(eventOf('{"data":1,"id":{"toString":0}}')).toBeUndefined();
  });

  test('is one event, whatever is published', () => {
    const text = fc.string({ unit: fc.constantFrom('\n', '\r', ':', ' ', 'data', 'id', 'event', 'x', '\0', '\u2028') });
    const part = fc.oneof(text, fc.jsonValue(), fc.constant(undefined));
    fc.assert(
      fc.property(part, part, part, part, (data, type, id, retry) => {
        const json = JSON.stringify({ data, type, id, retry });
        const written = eventOf(json);
        if (written === undefined) return;
        const message = JSON.parse(json) as { data?: unknown; type?: unknown };
        const meant = message.data === undefined ? message : message.data;
        const [event, ...more] = readBack(written);
        expect(more).toEqual([]);
        expect(event?.data).toBe((typeof meant === 'string' ? meant : JSON.stringify(meant)).replace(/\r\n?/g, '\n'));
        if (message.data !== undefined) expect(event?.type).toBe(message.type || 'message');
      }),
      { numRuns: 2000 },
    );
  });

  test('of a log that begins is one for each entry', () => {
    const head = { view: 1, topic: 'a' as TopicName, kind: 'log' as const, offset: 2 };
    const push: Push = { type: 'value', ...head, at: 0, n: 2, json: '[{"data":1},"b"]', reset: true };
    expect(eventsOf(push)).toBe('data:1\n\ndata:b\n\n');
    expect(eventsOf({ type: 'end', ...head, code: 2500, reason: '' })).toBe('');
  });
});

function readBack(text = '') {
  const reader = new EventReader();
  reader.read(text);
  return reader.events;
}
