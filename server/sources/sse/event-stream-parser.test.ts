import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser, type StreamPart } from './event-stream-parser.ts';

function parse(stream: string | Uint8Array, size = Number.POSITIVE_INFINITY, maxCharacters?: number): StreamPart[] {
  const parser = new EventStreamParser('', maxCharacters);
  const bytes = Buffer.from(stream as string);
  const parts: StreamPart[] = [];
  for (let from = 0; from < bytes.length; from += Math.min(size, bytes.length)) {
    parts.push(...parser.push(bytes.subarray(from, from + Math.min(size, bytes.length))));
  }
  return parts;
}
const event = (data: string, more: object = {}) => ({ type: 'event', name: 'message', data, id: '', ...more });

describe('a stream is read as the standard says', () => {
  it.each<[string, string, object[]]>([
    ['lines of data', 'data: YHOO\ndata: +2\ndata: 10\n\n', [event('YHOO\n+2\n10')]],
    [
      'a comment, ids, and an id that is taken back',
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [{ type: 'beat' }, event('first event', { id: '1' }), event('second event'), event(' third event')],
    ],
    ['data without a value', 'data\n\ndata\ndata\n\ndata:', [event(''), event('\n')]],
    ['a space behind the colon, or none', 'data:test\n\ndata: test\n\n', [event('test'), event('test')]],
    [
      'names',
      'event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: x\n\n',
      [event('73857293', { name: 'add' }), event('2153', { name: 'remove' }), event('x')],
    ],
    ['a name without data is no event', 'event: add\n\ndata: x\n\n', [event('x')]],
    ['what has not ended is none', 'data: x\n', []],
    ['fields that nobody knows', 'foo: bar\nDATA: x\n data: y\ndata : z\ndata: ok\n\n', [event('ok')]],
    ['an id without data', 'id: 7\n\ndata: x\n\n', [{ type: 'id', id: '7' }, event('x', { id: '7' })]],
    ['an id with a null is none', 'id: a\0b\ndata: x\n\n', [event('x')]],
    ['times', 'retry: 500\nretry: 5s\nretry:\nretry: -1\nretry: 1e3\n\n', [{ type: 'retry', ms: 500 }]],
    ['a mark of the order of bytes', '\ufeffdata: x\n\n', [event('x')]],
    ['a colon within a value', 'data: a: b\n\n', [event('a: b')]],
  ])('%s', (_what, stream, parts) => {
    for (const end of ['\n', '\r\n', '\r']) {
      // The last line end of all by \r alone is one whether or not a line feed follows.
      for (const size of [Number.POSITIVE_INFINITY, 1, 2, 3])
        expect(parse(stream.replaceAll('\n', end), size)).toEqual(parts);
    }
  });

  it('whatever line ends it has, and wherever it is cut', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        'data: a',
        'data:b',
        'data',
        'event: e',
        'id: 1',
        'id',
        ': c',
        'retry: 5',
        'data: 上海 😀',
        'x',
      ),
      fc.string(),
    );
    const oneLine = line.map((text) => text.replace(/[\r\n]/g, ' '));
    const ends = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(oneLine, ends), { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        (lines, size) => {
          const canonical = lines.map(([text]) => `${text}\n`).join('');
          // Two ends that meet would be one: an empty line ended by \n behind a line ended by \r.
          const joined = lines.map(([text, end], index) => {
            const next = lines[index + 1];
            const meets = end === '\r' && next !== undefined && next[0] === '' && next[1] === '\n';
            return text + (meets ? '\n' : end);
          });
          expect(parse(joined.join(''), size)).toEqual(parse(canonical));
        },
      ),
    );
  });
});

describe('what is too long', () => {
  const reason = 'an event has more than 10 characters';
  it('is refused, as one event, and the next one is read', () => {
    const refused = [{ type: 'refused', reason }, event('ok')];
    for (const size of [Number.POSITIVE_INFINITY, 1, 3]) {
      expect(parse(`data: ${'x'.repeat(50)}\n\ndata: ok\n\n`, size, 10)).toEqual(refused);
      expect(parse(`${'data: 12345\n'.repeat(50)}\ndata: ok\n\n`, size, 10)).toEqual(refused);
      expect(parse(`${'y'.repeat(50)}\ndata: z\n\ndata: ok\n\n`, size, 10)).toEqual(refused);
      expect(parse(`data: 1234\n\n`, size, 10)).toEqual([event('1234')]);
      expect(parse(`id: 5\ndata: 123456\ndata: 123456\n\n`, size, 10)).toEqual([
        { type: 'refused', reason },
        { type: 'id', id: '5' },
      ]);
    }
  });

  it('is refused once, however long it goes on', () => {
    const parser = new EventStreamParser('', 1000);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    for (let i = 0; i < 100; i++) expect([...parser.push(chunk)]).toEqual([]);
    expect([...parser.push(Buffer.from('\n\ndata: ok\n\n'))]).toEqual([
      { type: 'refused', reason: 'an event has more than 1000 characters' },
      event('ok'),
    ]);
  });
});

it('bytes that are no text become the character that stands for them', () => {
  expect(parse(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a]))).toEqual([event('\ufffd')]);
});
