import type { JsonObject, JsonValue } from '@tidewall/base';
import type { SourceTopic } from '@tidewall/contracts';
import { DEFAULT_LIMITS, type Operation, parseTopicName, TidewallError, type TopicKind } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Delivery, type Pipeline, type PlaceOfRow } from './delivery.ts';

type Put = readonly [Operation, JsonValue];
const never = new AbortController().signal;
const NOW = 1_700_000_000_000;

function delivery(kind: TopicKind, more: Partial<SourceTopic> & { pipeline?: Pipeline; pieceBytes?: number } = {}) {
  const { pipeline, pieceBytes = DEFAULT_LIMITS.publicationBytes, ...settings } = more;
  const puts: Put[] = [];
  const refused: string[] = [];
  let refusals = 0;
  const way = new Delivery({
    topic: { topic: parseTopicName('t'), kind, ...settings },
    pipeline,
    clock: new FakeClock(NOW),
    limits: { publicationBytes: pieceBytes },
    refused: (reason, count = 1) => {
      refused.push(reason);
      refusals += count;
    },
  });
  const put = async (op: Operation, data: JsonValue) => {
    puts.push([op, data]);
  };
  return {
    refused,
    refusals: () => refusals,
    /** What one result puts. */
    async result(data: JsonValue, signal = never, place?: PlaceOfRow): Promise<readonly Put[]> {
      await way.result(data, undefined, put, signal, place);
      return puts.splice(0);
    },
    async publish(op: Operation, data: JsonValue): Promise<readonly Put[]> {
      await way.publish(op, data, undefined, put);
      return puts.splice(0);
    },
    failing: (data: JsonValue) => way.result(data, undefined, () => Promise.reject(new Error('full')), never),
    /** Takes so many publications before it fails. */
    failingAfter(data: JsonValue, taken: number): Promise<number> {
      const some = async (op: Operation, each: JsonValue) => {
        if (taken-- <= 0) throw new Error('full');
        puts.push([op, each]);
      };
      return way.result(data, undefined, some, never).finally(() => puts.splice(0));
    },
    resume: (held: JsonValue) => way.resume(() => held),
  };
}

describe('a result', () => {
  test('of a state is published when it differs, and not when it does not', async () => {
    const { result } = delivery('state');
    expect(await result({ a: 1 })).toEqual([['replace', { a: 1 }]]);
    expect(await result({ a: 1 })).toEqual([]);
    expect(await result({ a: 2 })).toEqual([['replace', { a: 2 }]]);
  });

  test('that the hub did not take is published by the next one', async () => {
    const { result, failing } = delivery('state');
    await expect(failing(1)).rejects.toThrow('full');
    expect(await result(1)).toEqual([['replace', 1]]);
  });

  test('of a table is the rows that changed and the keys that are gone', async () => {
    const { result } = delivery('table', { keyField: 'id' });
    const row = (id: string, n: number) => ({ id, n });
    expect(await result([row('a', 1), row('b', 2)])).toEqual([['replace', [row('a', 1), row('b', 2)]]]);
    expect(await result([row('a', 1), row('b', 3)])).toEqual([['upsert', [row('b', 3)]]]);
    expect(await result([row('a', 1)])).toEqual([['remove', ['b']]]);
    expect(await result([row('a', 1)])).toEqual([]);
  });

  test('of a table without keys knows its rows by their number', async () => {
    const { result } = delivery('table', { keyField: '_row' });
    expect(await result([{ n: 7 }, { n: 8 }])).toEqual([
      [
        'replace',
        [
          { _row: 1, n: 7 },
          { _row: 2, n: 8 },
        ],
      ],
    ]);
  });

  test('has rows without a key, or with that of another one, refused by their number, and the others go on', async () => {
    const { result, refused } = delivery('table', { keyField: 'id' });
    const rows = [{ id: 'a' }, { n: 1 }, 'text', { id: 'a', n: 2 }, { id: null }, { id: 5 }];
    expect(await result(rows)).toEqual([['replace', [{ id: 'a' }, { id: 5 }]]]);
    expect(refused).toEqual([
      'row 2 has no id, a text or a number that identifies it',
      'row 3 is no row of named fields',
      'row 4 has the id "a" of row 1',
      'row 5 has no id, a text or a number that identifies it',
    ]);
  });

  test('with very many bad rows names the first ones and counts all', async () => {
    const { result, refused, refusals } = delivery('table', { keyField: 'id' });
    await result([{ id: 'a' }, ...Array.from({ length: 500 }, () => ({ n: 1 }))]);
    expect(refused).toHaveLength(11);
    expect(refused.at(-1)).toBe('490 more rows, for reasons like these');
    expect(refusals()).toBe(500);
  });

  test('of which no row has a key is a failure that names the fields, and takes nothing away', async () => {
    const { result } = delivery('table', { keyField: 'id' });
    await result([{ id: 'a' }]);
    await expect(result([{ ID: 'a', n: 1 }])).rejects.toThrow(
      'no row has the field "id" (keyField); the first has ID, n',
    );
    expect(await result([{ id: 'a' }])).toEqual([]);
    expect(await result([])).toEqual([['remove', ['a']]]);
  });

  test('has its bad rows called as its source calls them, unless transforms have made them', async () => {
    const rows = [{ id: 'a' }, { id: 'a' }];
    const place = (index: number) => `line ${index + 7}`;
    const plain = delivery('table', { keyField: 'id' });
    await plain.result(rows, never, place);
    expect(plain.refused).toEqual(['line 8 has the id "a" of line 7']);
    const made = delivery('table', { keyField: 'id', pipeline: (data) => data });
    await made.result(rows, never, place);
    expect(made.refused).toEqual(['row 2 has the id "a" of row 1']);
  });

  test('of a log is the rows that were not there before, each by itself', async () => {
    const { result } = delivery('log');
    expect(await result(['a', 'b', 'a'])).toEqual([
      ['append', 'a'],
      ['append', 'b'],
    ]);
    expect(await result(['b', 'c'])).toEqual([['append', 'c']]);
    expect(await result(['a'])).toEqual([['append', 'a']]);
  });

  test('of a log that broke off is gone on with, and nothing of it is told twice', async () => {
    const { result, failingAfter } = delivery('log');
    await result(['a']);
    await expect(failingAfter(['a', 'b', 'c', 'd'], 2)).rejects.toThrow('full');
    expect(await result(['a', 'b', 'c', 'd'])).toEqual([['append', 'd']]);
  });

  test('of a log does not tell again what the topic has kept over a restart', async () => {
    const { result, resume } = delivery('log');
    resume([{ n: 1 }, { n: 2 }]);
    expect(await result([{ n: 1 }, { n: 2 }, { n: 3 }])).toEqual([['append', { n: 3 }]]);
  });

  test('of a signal is told each time', async () => {
    const { result } = delivery('signal');
    expect([...(await result(1)), ...(await result(1))]).toEqual([
      ['emit', 1],
      ['emit', 1],
    ]);
  });

  test('goes through the transforms before it is compared', async () => {
    const pipeline: Pipeline = (data) => (data as JsonValue[]).length;
    const { result } = delivery('state', { pipeline });
    expect(await result([1, 2])).toEqual([['replace', 2]]);
    expect(await result([3, 4])).toEqual([]);
  });

  test('stops between two publications when it is over', async () => {
    const abort = new AbortController();
    abort.abort();
    expect(await delivery('log').result(['a'], abort.signal)).toEqual([]);
    expect(await delivery('table', { keyField: 'id' }).result([{ id: 1 }], abort.signal)).toEqual([]);
    expect(await delivery('series').result([{ t: 1, a: 1 }], abort.signal)).toEqual([]);
  });
});

describe('a result of a series', () => {
  const point = (t: number, a: number | null) => ({ t, a });

  test('begins by replacing, and then is only what is newer', async () => {
    const { result } = delivery('series');
    expect(await result([point(2, 20), point(1, 10)])).toEqual([['replace', [point(1, 10), point(2, 20)]]]);
    expect(await result([point(1, 10), point(2, 20), point(3, 30)])).toEqual([['append', [point(3, 30)]]]);
    expect(await result([point(2, 20), point(3, 30)])).toEqual([]);
    expect(await result([point(3, 30), point(4, 40)])).toEqual([['append', [point(4, 40)]]]);
  });

  test.each<[string, JsonObject[]]>([
    ['a point of the past has changed', [point(1, 11), point(2, 20), point(3, 30)]],
    ['a point has come in between', [point(1, 10), { t: 1.5, a: 15 }, point(2, 20), point(3, 30)]],
    ['a point is gone', [point(1, 10), point(3, 30)]],
  ])('is all of it anew where the past is told otherwise: %s', async (_what, next) => {
    const { result } = delivery('series');
    await result([point(1, 10), point(2, 20), point(3, 30)]);
    expect(await result(next)).toEqual([['replace', next]]);
  });

  test('that one instant makes after another is a point each', async () => {
    const { result } = delivery('series');
    expect(await result([point(1, 10)])).toEqual([['replace', [point(1, 10)]]]);
    expect(await result([point(2, 20)])).toEqual([['append', [point(2, 20)]]]);
    expect(await result([])).toEqual([]);
    expect(await result([point(2, 20)])).toEqual([]);
  });

  test('may be columns, or one row without a time, which is now', async () => {
    const columns = { t: [1, 2], a: [10, 20], b: [null, 5] };
    expect(await delivery('series').result(columns)).toEqual([
      [
        'replace',
        [
          { t: 1, a: 10, b: null },
          { t: 2, a: 20, b: 5 },
        ],
      ],
    ]);
    expect(await delivery('series').result({ a: 1, name: 'x' })).toEqual([['replace', [{ t: NOW, a: 1 }]]]);
  });

  test('goes behind what the topic has kept over a restart, and is all of it anew where that is not the same', async () => {
    const kept = { t: [1, 2], a: [10, 20] };
    const now = delivery('series');
    now.resume(kept);
    expect(await now.result([point(3, 30)])).toEqual([['append', [point(3, 30)]]]);
    const same = delivery('series');
    same.resume(kept);
    expect(await same.result([point(2, 20), point(3, 30)])).toEqual([['append', [point(3, 30)]]]);
    const other = delivery('series');
    other.resume(kept);
    expect(await other.result([point(2, 21), point(3, 30)])).toEqual([['replace', [point(2, 21), point(3, 30)]]]);
  });

  test('that the hub did not take costs nothing of the past', async () => {
    const { result, failing, resume } = delivery('series');
    await result([point(1, 10)]);
    resume({ t: [1], a: [10] });
    await expect(failing([point(2, 20)])).rejects.toThrow('full');
    expect(await result([point(3, 30)])).toEqual([['append', [point(3, 30)]]]);
  });

  test('has columns read as rows are: what is no number is left out, and what has no time is refused', async () => {
    const { result, refused } = delivery('series');
    const columns = { t: [1, 'soon', 3], a: [10, 20, 30], name: ['x', 'y', 'z'] };
    expect(await result(columns)).toEqual([['replace', [point(1, 10), point(3, 30)]]]);
    expect(refused).toEqual(['row 2 has no t, its time in ms since 1970']);
  });

  test('has rows without a time or without a number refused by their number', async () => {
    const { result, refused } = delivery('series');
    expect(await result([{ a: 1 }, { t: 1, name: 'x' }, point(1, 1)])).toEqual([['replace', [point(1, 1)]]]);
    expect(refused).toEqual(['row 1 has no t, its time in ms since 1970', 'row 2 has no number beside its time']);
  });

  test('is cut into publications that are not too large, the first of which replaces', async () => {
    const points = Array.from({ length: 50 }, (_, t) => point(t, t));
    const puts = await delivery('series', { pieceBytes: 200 }).result(points);
    expect(puts.map(([op]) => op)).toEqual(['replace', ...puts.slice(1).map(() => 'append')]);
    expect(puts.flatMap(([, data]) => data)).toEqual(points);
    for (const [, data] of puts) expect(JSON.stringify(data).length).toBeLessThanOrEqual(200);
  });

  test('leaves the topic with the points of the last result, or more of the past, whatever came before', async () => {
    const result = fc.uniqueArray(fc.record({ t: fc.nat(12), a: fc.nat(2) }), { selector: ({ t }) => t, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(result, { maxLength: 6 }), async (results) => {
        const way = delivery('series');
        let held: { t: number; a: number }[] = [];
        for (const rows of results) {
          for (const [op, data] of await way.result(rows)) {
            held = [...(op === 'replace' ? [] : held), ...(data as unknown as typeof held)];
          }
          const sorted = [...rows].sort((a, b) => a.t - b.t);
          const [first] = sorted;
          if (first !== undefined) expect(held.filter(({ t }) => t >= first.t)).toEqual(sorted);
          expect(held.map(({ t }) => t)).toEqual(held.map(({ t }) => t).sort((a, b) => a - b));
        }
      }),
    );
  });
});

describe('what happens at the origin', () => {
  const double: Pipeline = (data) => (Array.isArray(data) ? [...data, ...data] : [data, data]);
  const nothing: Pipeline = () => [];

  test('goes on as it is without transforms', async () => {
    expect(await delivery('log').publish('append', { a: 1 })).toEqual([['append', { a: 1 }]]);
  });

  test('of a log is the entries that transforms make of it, which may be none', async () => {
    expect(await delivery('log', { pipeline: double }).publish('append', { a: 1 })).toEqual([
      ['append', { a: 1 }],
      ['append', { a: 1 }],
    ]);
    expect(await delivery('log', { pipeline: nothing }).publish('append', 1)).toEqual([]);
  });

  test('of a table or a series is the rows that transforms make of it', async () => {
    const rows = [{ id: 1 }, { id: 1 }];
    expect(await delivery('table', { pipeline: double }).publish('upsert', { id: 1 })).toEqual([['upsert', rows]]);
    expect(await delivery('series', { pipeline: nothing }).publish('append', [{ t: 1 }])).toEqual([]);
    expect(await delivery('table', { pipeline: nothing }).publish('replace', [])).toEqual([['replace', []]]);
  });

  test('of a state is the value that transforms make of it', async () => {
    expect(await delivery('state', { pipeline: double }).publish('replace', 7)).toEqual([['replace', [7, 7]]]);
  });

  test('that the transforms cannot take is refused, and the next one goes on', async () => {
    const picky: Pipeline = (data) => {
      if (JSON.stringify(data).includes('bad'))
        throw new TidewallError('shape_mismatch', 'transforms[0] at [0]: no number');
      return data;
    };
    const { publish, refused } = delivery('log', { pipeline: picky });
    expect(await publish('append', 'bad')).toEqual([]);
    expect(await publish('append', 'good')).toEqual([['append', 'good']]);
    expect(refused).toEqual(['transforms[0] at [0]: no number']);
  });

  test('passes the transforms by where it takes away, or changes a part', async () => {
    expect(await delivery('table', { pipeline: double }).publish('remove', ['a'])).toEqual([['remove', ['a']]]);
    expect(await delivery('state', { pipeline: double }).publish('merge', { a: null })).toEqual([
      ['merge', { a: null }],
    ]);
  });
});
