import type { ServerResponse } from 'node:http';
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
  expect(bed.behind.followed).toEqual([]);
});

const use = (...requests: Partial<PageRequest>[]) => bed.reader.use(requests.map((more) => bed.request(more)));

describe('a topic that pages ask for', () => {
  test('is asked for once by all who follow it, at its interval, and by nobody when nobody does', async () => {
    await use({});
    bed.answer = bed.json({ value: 1 });
    const [first, second] = [bed.follow('shop'), bed.follow('shop')];
    await bed.until(() => expect([first.value(), second.value()]).toEqual([{ value: 1 }, { value: 1 }]));
    expect(bed.asked).toEqual(['GET /shop']);
    expect(first.state()).toBe('ok');
    bed.answer = bed.json({ value: 2 });
    await bed.clock.advance(4_999);
    expect(bed.asked).toHaveLength(1);
    await bed.clock.advance(1);
    await bed.until(() => expect(second.value()).toEqual({ value: 2 }));
    expect(bed.asked).toHaveLength(2);
    first.end();
    second.end();
    await bed.clock.advance(60_000);
    expect(bed.asked).toHaveLength(2);
  });

  test('is shown at once to who comes later', async () => {
    await use({});
    bed.answer = bed.json(7);
    const first = bed.follow('shop');
    await bed.until(() => expect(first.value()).toBe(7));
    const second = bed.follow('shop');
    await bed.until(() => expect(second.value()).toBe(7));
    expect(bed.asked).toHaveLength(1);
  });

  test('is never asked for twice at once, however late the answer is and whoever comes meanwhile', async () => {
    await use({ intervalMs: 1_000, timeoutMs: 30_000 });
    const waiting: ServerResponse[] = [];
    bed.answer = (_, response) => void waiting.push(response);
    const one = bed.follow('shop');
    await bed.until(() => expect(waiting).toHaveLength(1));
    bed.follow('shop', { rateHz: 10 });
    bed.sight.see(false);
    bed.sight.see(true);
    await bed.clock.advance(10_000);
    waiting[0]?.end('7');
    await bed.until(() => expect(one.value()).toBe(7));
    expect(bed.asked).toEqual(['GET /shop']);
    await bed.clock.advance(1_000);
    await bed.until(() => expect(waiting).toHaveLength(2));
  });

  test('is asked for as often as the fastest of them wants, within its bounds', async () => {
    await use({});
    bed.answer = bed.json(1);
    const one = bed.follow('shop', { rateHz: 100 });
    await bed.until(() => expect(one.value()).toBe(1));
    await bed.clock.advance(1_000);
    await bed.until(() => expect(bed.asked).toHaveLength(2));
    one.end.configure({ rateHz: undefined });
    await bed.clock.advance(4_000);
    expect(bed.asked).toHaveLength(2);
  });

  test('is not asked for while nobody sees the page, and at once when somebody does again', async () => {
    await use({});
    bed.answer = bed.json(1);
    const one = bed.follow('shop');
    await bed.until(() => expect(one.value()).toBe(1));
    bed.sight.see(false);
    await bed.clock.advance(60_000);
    expect(bed.asked).toHaveLength(1);
    expect(one.state()).toBe('stale');
    bed.sight.see(true);
    await bed.until(() => expect([bed.asked.length, one.state()]).toEqual([2, 'ok']));
  });

  test('is what the values in its name choose; a name that says none has failed, and is not asked for', async () => {
    const params = { city: { type: 'text', value: 'sh', oneOf: ['sh', 'bj'] } } as const;
    await use({ url: `${bed.url}/shops/:city`, query: { n: 5 }, params });
    bed.answer = (request, response) => response.end(JSON.stringify(request.url));
    const [standard, chosen, wrong] = [bed.follow('shop'), bed.follow('shop/city=bj'), bed.follow('shop/city=x')];
    await bed.until(() => expect(standard.value()).toBe('/shops/sh?n=5'));
    await bed.until(() => expect(chosen.value()).toBe('/shops/bj?n=5'));
    expect(wrong.state()).toBe('failed');
    expect(wrong.reason()).toBe('the parameter city must be one of sh, bj, got "x"');
    await bed.clock.advance(60_000);
    expect(bed.asked.some((line) => line.includes('x'))).toBe(false);
  });

  test('has its body, its headers and its values as the server would send them', async () => {
    const params = { n: { type: 'number', value: 3 } } as const;
    await use({ method: 'POST', json: { n: ':n' }, headers: { 'X-Shop': 'a' }, params });
    bed.answer = bed.json(1);
    const one = bed.follow('shop/n=4');
    await bed.until(() => expect(one.value()).toBe(1));
    expect(bed.server?.bodies).toEqual(['{"n":4}']);
    expect(bed.server?.headers[0]).toMatchObject({ 'x-shop': 'a', 'content-type': 'application/json' });
  });
});

describe('all other topics', () => {
  test('go to the reader behind, and so do patterns and what has another name', async () => {
    await use({});
    const options = { rewindCount: 5 };
    const all = ['other', 'shop/a', 'shop/city=bj', '#', 'not a name '].map((topic) => bed.follow(topic, options));
    expect(bed.behind.followed.map(({ topic }) => topic)).toEqual([
      'other',
      'shop/a',
      'shop/city=bj',
      '#',
      'not a name ',
    ]);
    expect(bed.behind.followed.every((one) => one.options === options)).toBe(true);
    for (const { end } of all) end();
    expect(bed.asked).toEqual([]);
  });

  test('stay where they are when the server tells anew what is asked', async () => {
    const one = bed.follow('other');
    const [before] = bed.behind.followed;
    await use({});
    await use({ url: `${bed.url}/x` });
    expect(bed.behind.followed).toHaveLength(1);
    expect(bed.behind.followed[0]).toBe(before);
    one.end();
  });

  test('are not changed by there being nothing to ask', async () => {
    const one = bed.follow('shop');
    await use();
    expect(bed.behind.followed.map(({ topic }) => topic)).toEqual(['shop']);
    one.end();
  });
});

describe('a source that is made, changed or taken away', () => {
  test('takes those over who follow its topic already, and gives them back', async () => {
    bed.answer = bed.json(1);
    const one = bed.follow('shop');
    expect(bed.behind.followed).toHaveLength(1);
    await use({});
    expect(bed.behind.followed).toHaveLength(0);
    await bed.until(() => expect(one.value()).toBe(1));
    const first = one.replica?.revision ?? 0;
    // The same list again changes nothing.
    await use({});
    expect(bed.asked).toHaveLength(1);
    bed.answer = bed.json(2);
    await use({ url: `${bed.url}/other` });
    await bed.until(() => expect(one.value()).toBe(2));
    expect(bed.asked).toEqual(['GET /shop', 'GET /other']);
    expect(one.replica?.revision).toBeGreaterThan(first);
    await use();
    expect(bed.behind.followed.map(({ topic }) => topic)).toEqual(['shop']);
    await bed.clock.advance(60_000);
    expect(bed.asked).toHaveLength(2);
    one.end();
  });

  test('says nothing of what was under way for who has gone over', async () => {
    let finish = () => {};
    bed.answer = (_, response) => {
      finish = () => response.end('1');
    };
    await use({});
    const one = bed.follow('shop');
    await bed.until(() => expect(bed.asked).toHaveLength(1));
    await use();
    finish();
    await bed.clock.advance(0);
    expect(one.count).toBe(0);
    one.end();
  });
});

describe('what the page cannot do', () => {
  test.each([
    [{ filter: ['a', 'eq', 1] as never }, 'not_available', 'filter is for the server'],
    [{ fields: ['a'] }, 'not_available', 'fields is for the server'],
    [{ presence: true }, 'not_available', 'presence is for the server'],
    [{ kind: 'table' as const }, 'wrong_kind', 'the topic is a state, and was asked for as a table'],
  ])('is refused: %j', async (options, name, message) => {
    await use({});
    const one = bed.follow('shop', options);
    await bed.until(() => expect(one.replica?.refused?.name).toBe(name));
    expect(one.replica?.refused?.message).toContain(message);
    expect(bed.asked).toEqual([]);
    one.end();
  });

  test('is to ask for more topics than a page can bear', async () => {
    const params = { n: { type: 'number', value: -1 } } as const;
    await use({ params, url: `${bed.url}/:n` });
    bed.sight.see(false);
    // Those that are refused are none of them.
    for (let n = 300; n < 310; n++) bed.follow(`shop/n=${n}`, { fields: ['a'] });
    for (let n = 0; n < 200; n++) bed.follow(`shop/n=${n}`);
    const last = bed.follow('shop/n=199');
    const one = bed.follow('shop/n=200');
    await bed.until(() => expect(one.reason()).toBe('this page asks for 200 topics already'));
    expect(last.state()).toBeUndefined();
  });
});
