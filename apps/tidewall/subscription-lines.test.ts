import { expect, test } from 'vitest';
import { linesOf, type Replica } from './subscription-lines.ts';

const replica = (kind: Replica['kind'], value: unknown): Replica => ({
  topic: 'a/b',
  position: undefined,
  kind,
  value: () => value as ReturnType<Replica['value']>,
  revision: 1,
  asOf: 0,
  freshness: { state: 'quiet', asOf: 0 },
  lost: 0,
  refused: undefined,
  presence: undefined,
});
const plain = { raw: false, named: false };

test('a state is its whole value after each change', () => {
  expect(linesOf({ t: 1, m: { a: 2 } }, replica('state', { a: 2, b: 1 }), plain)).toEqual(['{"a":2,"b":1}']);
});

test('a log is a line an entry, also when several come at once', () => {
  expect(linesOf({ t: 1, d: 'x' }, replica('log', []), plain)).toEqual(['"x"']);
  expect(linesOf({ t: 1, r: 1, d: [1, 2] }, replica('log', []), plain)).toEqual(['1', '2']);
  expect(linesOf({ t: 1, d: [1, 2] }, replica('log', []), plain)).toEqual(['[1,2]']);
});

test('a table is what changed of it', () => {
  expect(linesOf({ t: 1, u: [{ id: 1 }] }, replica('table', []), plain)).toEqual(['{"upsert":[{"id":1}],"remove":[]}']);
  expect(linesOf({ t: 1, r: 1, d: [] }, replica('table', []), plain)).toEqual(['{"replace":[]}']);
});

test('several topics say which each line is of, and raw shows the push', () => {
  expect(linesOf({ t: 1, d: 1 }, replica('signal', 1), { raw: false, named: true })).toEqual([
    '{"topic":"a/b","data":1}',
  ]);
  expect(linesOf({ t: 1, o: 5, d: 1 }, replica('signal', 1), { raw: true, named: false })).toEqual([
    '{"topic":"a/b","t":1,"o":5,"d":1}',
  ]);
});

test('a recording says when, of which kind, and what would have to be published', () => {
  const recorded = (push: Parameters<typeof linesOf>[0], kind: Replica['kind'], value?: unknown) =>
    linesOf(push, replica(kind, value), { ...plain, recordedAt: 7 }).map((line) => JSON.parse(line));
  const topic = 'a/b';
  expect(recorded({ t: 1, at: 5, m: { a: 2 } }, 'state', { a: 2, b: 1 })).toEqual([
    { at: 5, topic, kind: 'state', op: 'replace', data: { a: 2, b: 1 } },
  ]);
  expect(recorded({ t: 1, u: [{ id: 1 }], x: ['b'] }, 'table')).toEqual([
    { at: 7, topic, kind: 'table', op: 'remove', data: ['b'] },
    { at: 7, topic, kind: 'table', op: 'upsert', data: [{ id: 1 }] },
  ]);
  expect(recorded({ t: 1, r: 1, d: [] }, 'table')).toEqual([{ at: 7, topic, kind: 'table', op: 'replace', data: [] }]);
  expect(recorded({ t: 1, r: 1, d: { t: [1] } }, 'series')[0]).toMatchObject({ op: 'replace' });
  expect(recorded({ t: 1, d: { t: [1] } }, 'series')[0]).toMatchObject({ op: 'append' });
  expect(recorded({ t: 1, r: 1, d: [1, 2] }, 'log')).toHaveLength(2);
  expect(recorded({ t: 1, d: 'x' }, 'signal')[0]).toMatchObject({ op: 'emit', data: 'x' });
});

test('what is no data is no line', () => {
  expect(linesOf({ t: 1, q: { state: 'stale', asOf: 0 } }, replica('state', 1), plain)).toEqual([]);
});
