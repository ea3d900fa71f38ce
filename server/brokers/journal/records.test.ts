import type { Base, Publication } from '@tidewall/contracts';
import { parseTopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  baseLine,
  endLine,
  forgottenLine,
  publicationLine,
  type RecordReader,
  readRecords,
  type TopicRecord,
  topicLine,
  versionLine,
} from './records.ts';

function readAll(text: string): unknown[][] {
  const told: unknown[][] = [];
  const tell =
    (name: string) =>
    (...values: unknown[]) =>
      void told.push([name, ...values]);
  const reader: RecordReader = {
    version: tell('version'),
    topic: tell('topic'),
    publication: tell('publication'),
    base: tell('base'),
    forgotten: tell('forgotten'),
    end: tell('end'),
  };
  readRecords(Buffer.from(text), reader);
  return told;
}

test('each record is read as it was written', () => {
  const record: TopicRecord = {
    id: 7,
    topic: parseTopicName('产线/一号'),
    epoch: 'e1',
    about: '{"kind":"state"}\n',
    keep: { count: 3, bytes: 1024 ** 4, ageMs: 5 },
    baseless: false,
  };
  const base: Base = { offset: 9, at: -1.5, json: '{"a b": [1, 2]}' };
  expect(readAll(versionLine + topicLine(record) + baseLine(7, base) + forgottenLine(7) + endLine)).toEqual([
    ['version', 1],
    ['topic', record],
    ['base', 7, base],
    ['forgotten', 7],
    ['end'],
  ]);
});

test('a publication comes back with its text, key and numbers as they were', () => {
  const publication: fc.Arbitrary<Publication> = fc.record(
    {
      offset: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      op: fc.constantFrom('replace', 'merge', 'append'),
      json: fc.json({ stringUnit: 'grapheme' }),
      at: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })),
      weight: fc.nat(),
      // Any text: also line feeds, spaces, halves of a surrogate pair, and what stands for no key.
      key: fc.oneof(fc.constant('-'), fc.string({ unit: 'binary' }), fc.constant('\ud800\n ')),
    },
    { requiredKeys: ['offset', 'op', 'json', 'at', 'weight'] },
  );
  fc.assert(
    fc.property(fc.array(publication), (publications) => {
      const text = publications.map((one) => publicationLine(3, one)).join('');
      // JSON has no negative zero that a line would keep.
      const plain = publications.map((one) => ({ ...one, at: one.at === 0 ? 0 : one.at }));
      expect(readAll(text)).toEqual(plain.map((one) => ['publication', 3, one]));
    }),
  );
});

test.each(['x 1\n', 'p 1 2 3\n', 'p 1 two 3 1 merge - {}\n', 'b 1 2\n', 't {\n', 'p 1 2 3 1 merge - {}', '\n'])(
  'a line that is none of a journal is refused: %j',
  (text) => {
    expect(() => readAll(text)).toThrow(SyntaxError);
  },
);
