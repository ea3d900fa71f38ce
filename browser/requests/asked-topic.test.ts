import type { PageRequest } from '@tidewall/request';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AskedBed } from './asked-bed.contract.ts';

let bed: AskedBed;

beforeEach(async () => {
  bed = new AskedBed();
  await bed.start();
});
afterEach(async () => {
  await bed.close();
  expect(bed.failures).toEqual([]);
  expect(bed.clock.pending).toBe(0);
});

async function follow(more: Partial<PageRequest> = {}) {
  await bed.reader.use([bed.request(more)]);
  return bed.follow('shop');
}

describe('a failure', () => {
  test('is told with its cure and the next try, which comes later each time, and is over with the next answer', async () => {
    bed.answer = (_, response) => response.writeHead(404).end();
    const one = await follow();
    const sentence = `GET ${bed.url}/shop answers 404: there is nothing at that address`;
    await bed.until(() => expect(one.reason()).toBe(`${sentence}; next try in 2 s`));
    expect(one.state()).toBe('failed');
    await bed.clock.advance(1_499);
    expect(bed.asked).toHaveLength(1);
    await bed.clock.advance(1);
    await bed.until(() => expect(one.reason()).toBe(`${sentence}; next try in 2 s`));
    expect(bed.asked).toHaveLength(2);
    await bed.clock.advance(1_999);
    expect(bed.asked).toHaveLength(2);
    bed.answer = bed.json(1);
    await bed.clock.advance(1);
    await bed.until(() => expect([one.state(), one.value()]).toEqual(['ok', 1]));
    expect(one.reason()).toBeUndefined();
    bed.answer = (_, response) => response.writeHead(404).end();
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.reason()).toBe(`${sentence}; next try in 2 s`));
    await bed.clock.advance(1_500);
    expect(bed.asked).toHaveLength(5);
  });

  test('leaves what was shown, and says when that was', async () => {
    bed.answer = bed.json(1);
    const one = await follow();
    await bed.until(() => expect(one.value()).toBe(1));
    const at = bed.clock.now();
    bed.answer = (_, response) => response.writeHead(500).end();
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.state()).toBe('failed'));
    expect([one.value(), one.replica?.asOf, one.replica?.freshness.asOf]).toEqual([1, at, at]);
  });

  test.each([
    [{ maxBytes: 5 }, '"12345"', 'answers with more than 5 bytes (maxBytes)'],
    [{ maxRows: 2 }, '[1,2,3]', 'answers with more than 2 rows (maxRows)'],
    [{ path: 'data.rows' }, '{"data":{"items":[]}}', 'answers without data.rows (path); it has data'],
    [{}, '<!doctype html>', 'answers with a page for people; is a login before it?; format says what it is'],
    [{}, '', 'answers with nothing where JSON should be'],
    [{ topicKind: 'table', keyField: 'id' }, '[{"sku":1}]', 'no row has the field "id" (keyField); the first has sku'],
    [{ encoding: 'utf-8' }, Buffer.from([0x22, 0xff, 0x22]), 'answers with what is no text in utf-8'],
    [{ transforms: [{ type: 'script', code: 'return 1' }] }, '1', 'transforms[0]'],
  ])('is an answer that is none: %j %j', async (more, body, sentence) => {
    bed.answer = (_, response) => response.end(body);
    const one = await follow(more as Partial<PageRequest>);
    await bed.until(() => expect(one.reason()).toContain(sentence));
  });

  test('is to be led elsewhere', async () => {
    bed.answer = (_, response) => response.writeHead(302, { location: '/other' }).end();
    const one = await follow();
    await bed.until(() => expect(one.reason()).toContain('leads to another address, where no page follows'));
    expect(bed.asked).toEqual(['GET /shop']);
  });

  test('is an answer that does not come in time', async () => {
    bed.answer = () => {};
    const one = await follow();
    await bed.until(() => expect(bed.asked).toHaveLength(1));
    await bed.clock.advance(2_000);
    await bed.until(() => expect(one.reason()).toContain('there was no answer within 2000 ms (timeoutMs)'));
  });

  test('is a far end that cannot be reached, or lets no page of this server read it, or that this page is not let to', async () => {
    const url = 'http://127.0.0.1:1/';
    const one = await follow({ url });
    const cors = 'blocked by CORS (Access-Control-Allow-Origin must name http://hall:7070), or unreachable';
    await bed.until(() =>
      expect(one.reason()).toBe(`GET ${url} cannot be asked by this page: ${cors}; next try in 2 s`),
    );
    bed.blocked = true;
    await bed.clock.advance(1_500);
    await bed.until(() => expect(one.reason()).toContain('it came before it was let there (Content-Security-Policy)'));
  });

  test('keeps to what the far end says of how long it wants to be left alone, up to the longest interval', async () => {
    bed.answer = (_, response) => response.writeHead(503, { 'retry-after': '3600' }).end();
    const one = await follow();
    await bed.until(() => expect(one.reason()).toContain('next try in 60 s'));
  });
});

describe('what answers say', () => {
  test('of a table is its rows, by number where they have no key; those without are refused', async () => {
    bed.answer = bed.json({ data: [{ a: 1 }, 5, { a: 2 }, 6, 7] });
    const one = await follow({ topicKind: 'table', path: 'data' });
    await bed.until(() =>
      expect(one.value()).toEqual([
        { _row: 1, a: 1 },
        { _row: 3, a: 2 },
      ]),
    );
    expect(bed.refusals).toEqual(['shop: row 2 is no row of named fields; and 2 more, for reasons like this one']);
    bed.answer = bed.json({ data: [] });
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.value()).toEqual([]));
  });

  test('of a series is points in order; the newer ones go behind, and another past takes the place of all', async () => {
    const at = bed.clock.now();
    const rows = (...values: [number, number][]) => values.map(([t, v]) => ({ t: at + t, v }));
    bed.answer = bed.json(rows([2, 20], [1, 10]));
    const one = await follow({ topicKind: 'series' });
    await bed.until(() => expect(one.value()).toEqual({ t: [at + 1, at + 2], v: [10, 20] }));
    bed.answer = bed.json(rows([2, 20], [3, 30]));
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.value()).toEqual({ t: [at + 1, at + 2, at + 3], v: [10, 20, 30] }));
    bed.answer = bed.json(rows([2, 21], [3, 30]));
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.value()).toEqual({ t: [at + 2, at + 3], v: [21, 30] }));
  });

  test('of a log is entries; those of the last answer do not come again', async () => {
    bed.answer = bed.json(['a', 'b']);
    const one = await follow({ topicKind: 'log' });
    await bed.until(() => expect(one.value()).toEqual(['a', 'b']));
    bed.answer = bed.json(['b', 'c']);
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.value()).toEqual(['a', 'b', 'c']));
  });

  test('of JSON in lines is the lines that can be read', async () => {
    bed.answer = (_, response) => response.end('{"a":1}\nno\n\n{"a":2}');
    const one = await follow({ topicKind: 'log', format: 'ndjson' });
    await bed.until(() => expect(one.value()).toEqual([{ a: 1 }, { a: 2 }]));
    expect(bed.refusals).toEqual([expect.stringMatching(/^shop: line 2 is not JSON/)]);
  });

  test('goes through the steps of the source, CEL too', async () => {
    bed.answer = bed.json([{ a: 1 }, { a: 2 }]);
    const transforms = [{ type: 'calc', fields: { b: 'a * 2.0' } }] as never;
    const one = await follow({ topicKind: 'table', transforms });
    await bed.until(() => expect(one.value()).toMatchObject([{ b: 2 }, { b: 4 }]));
  });

  test('that is the same again changes nothing, and is fresh', async () => {
    bed.answer = bed.json({ a: 1 });
    const one = await follow();
    await bed.until(() => expect(one.count).toBe(1));
    const before = one.replica?.revision;
    await bed.clock.advance(5_000);
    await bed.until(() => expect(one.count).toBe(2));
    expect([one.replica?.revision, one.state()]).toEqual([before, 'ok']);
  });

  test('is late and then stale when no other one comes', async () => {
    bed.answer = bed.json(1);
    const one = await follow({ timeoutMs: 60_000 });
    await bed.until(() => expect(one.state()).toBe('ok'));
    bed.answer = () => {};
    await bed.clock.advance(10_000);
    expect(one.state()).toBe('late');
    await bed.clock.advance(15_000);
    expect(one.state()).toBe('stale');
    one.end();
  });
});
