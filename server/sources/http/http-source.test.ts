import type { JsonObject } from '@tidewall/base';
import { createTestAuthority, findProgram, freePort, type TestServer, TestServers } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpBed } from './http-bed.contract.ts';

const servers = new TestServers();
let bed: HttpBed;
beforeEach(() => {
  bed = new HttpBed();
});
afterEach(async () => {
  await bed.stop();
  await servers.close();
});

const urlOf = ({ port }: TestServer, path = '/') => `http://127.0.0.1:${port}${path}`;
const json = (value: unknown, headers: Record<string, string> = {}, status = 200) =>
  servers.http((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  });

describe('an answer', () => {
  it('brings the rows at the path, and says how often news comes', async () => {
    const server = await json({ data: { items: [{ id: 1 }, { id: 2 }] } });
    expect(await bed.results({ url: urlOf(server), path: 'data.items', intervalMs: 5000 })).toEqual([
      [{ id: 1 }, { id: 2 }],
    ]);
    expect(bed.sink.cadences).toEqual([5000]);
    expect(server.headers[0]).toMatchObject({ accept: 'application/json, */*;q=0.5', 'user-agent': 'tidewall' });
  });

  it('is asked for again at the interval', async () => {
    let n = 0;
    const server = await servers.http((_, response) => response.end(String(n++)));
    bed.run(bed.create({ url: urlOf(server), topicKind: 'state', intervalMs: 5000 }));
    await bed.until(() => bed.sink.results.length === 1);
    await bed.clock.advance(4999);
    expect(server.asked).toHaveLength(1);
    await bed.clock.advance(1);
    await bed.until(() => bed.sink.results.length === 2);
    expect(bed.sink.results.map(({ data }) => data)).toEqual([0, 1]);
  });

  it('is asked for with the values of parameters, method, headers and body', async () => {
    const server = await json([]);
    const settings = {
      url: urlOf(server, '/shops/:shop/orders?day=:day'),
      method: 'POST',
      query: { limit: 10 },
      headers: { 'X-Shop': ':shop' },
      json: { shop: ':shop', n: ':n' },
    };
    await bed.results(settings, 1, { params: { shop: 'a b', day: '2026-11-30', n: 7 } });
    expect(server.asked).toEqual([`POST 127.0.0.1:${server.port}/shops/a%20b/orders?day=2026-11-30&limit=10`]);
    expect(server.headers[0]).toMatchObject({ 'x-shop': 'a b', 'content-type': 'application/json' });
    expect(server.bodies).toEqual(['{"shop":"a b","n":7}']);
  });

  it('may be CSV, lines of JSON, or a text', async () => {
    const say = (body: string | Buffer, type: string) =>
      servers.http((_, response) => response.writeHead(200, { 'content-type': type }).end(body));
    const csv = await say('id;name;n\n1;"a;b";1.5\n2;c;\n3;d\n', 'text/csv');
    expect(await bed.results({ url: urlOf(csv), format: 'csv' })).toEqual([
      [
        { id: 1, name: 'a;b', n: 1.5 },
        { id: 2, name: 'c', n: null },
      ],
    ]);
    expect(bed.sink.refusals).toEqual([expect.stringContaining('line 4 has 2 cells where the header has 3')]);

    bed.sink.results.length = 0;
    bed.sink.refusals.length = 0;
    const lines = await say('{"a":1}\n\nnot json\n{"a":2}\r\n{"a":', 'application/x-ndjson');
    expect(await bed.results({ url: urlOf(lines), format: 'ndjson' })).toEqual([[{ a: 1 }, { a: 2 }]]);
    expect(bed.sink.refusals).toEqual([
      expect.stringContaining('line 3 is not JSON'),
      expect.stringContaining('line 5'),
    ]);

    bed.sink.results.length = 0;
    const gbk = await say(Buffer.from([0xc9, 0xcf, 0xba, 0xa3]), 'text/plain; charset=GBK');
    expect(await bed.results({ url: urlOf(gbk), format: 'text', topicKind: 'state' })).toEqual(['上海']);
  });

  it.each([
    [
      'a page for people',
      '<!DOCTYPE html><p>log in',
      'text/html',
      {},
      'answers with a page for people; is a login before it?',
    ],
    ['no JSON', '{"a": s3cret}', 'text/x-thing', {}, 'answers with text/x-thing that is no JSON'],
    ['cut off', '{"a": 1', 'application/json', {}, 'answers with application/json that is no JSON'],
    ['nothing', ' ', 'application/json', {}, 'answers with nothing where JSON should be'],
    ['too deep', `${'['.repeat(100)}${']'.repeat(100)}`, 'application/json', {}, 'nests deeper than 64 levels'],
    [
      'another shape',
      '{"items": [], "total": 0}',
      'application/json',
      { path: 'data.rows' },
      'answers without data.rows (path); it has items, total',
    ],
    ['a list', '[1]', 'application/json', { path: 'data' }, 'answers without data (path); it is a list of 1'],
    [
      'no text',
      Buffer.from('"\xff"', 'latin1'),
      'application/json',
      {},
      'what is no text in utf-8; name the right one in encoding',
    ],
    ['an odd encoding', '1', 'application/json; charset=ebcdic', {}, 'in the encoding "ebcdic"'],
    ['too many rows', '[1,2,3]', 'application/json', { maxRows: 2 }, 'answers with more than 2 rows (maxRows)'],
    ['too long', '[1,2,3,4,5,6]', 'application/json', { maxBytes: 10 }, 'is longer than 10 bytes'],
  ])('that is %s is a failure with a sentence', async (_what, body, type, more, sentence) => {
    const server = await servers.http((_, response) => response.writeHead(200, { 'content-type': type }).end(body));
    const message = await bed.failure({ url: `${urlOf(server)}?key=s3cret`, ...more });
    expect(message).toContain(sentence);
    expect(message).not.toContain('s3cret');
    expect(bed.sink.results).toEqual([]);
  });

  it('may begin with a byte order mark, and hold whatever words', async () => {
    const server = await servers.http((_, response) => response.end('\ufeff[{"__proto__": 1, "constructor": 2}]'));
    const [rows] = await bed.results({ url: urlOf(server) });
    expect(JSON.stringify(rows)).toBe('[{"__proto__":1,"constructor":2}]');
  });
});

describe('an answer that is still the same', () => {
  it.each([
    ['etag', { etag: '"v1"' }, 'if-none-match', '"v1"'],
    [
      'last-modified',
      { 'last-modified': 'Mon, 30 Nov 2026 00:00:00 GMT' },
      'if-modified-since',
      'Mon, 30 Nov 2026 00:00:00 GMT',
    ],
  ])('by its %s brings nothing, and says that all is well', async (_what, headers, asked, value) => {
    const server = await servers.http((request, response) => {
      if (request.headers[asked] === value) response.writeHead(304).end();
      else response.writeHead(200, headers).end('[1]');
    });
    const source = bed.create({ url: urlOf(server), topicKind: 'log', intervalMs: 1000 });
    bed.run(source);
    await bed.until(() => bed.sink.results.length === 1);
    await bed.clock.advance(1000);
    await bed.until(() => bed.sink.healthyCalls === 1);
    await bed.stop();
    // Also when it starts again: its topic still holds what it held.
    bed.run(source);
    await bed.until(() => bed.sink.healthyCalls === 2);
    expect(server.headers.map((each) => each[asked])).toEqual([undefined, value, value]);
    expect(bed.sink.results).toHaveLength(1);
  });

  it('comes again when the hub has not taken it', async () => {
    const server = await servers.http((request, response) => {
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end();
      else response.writeHead(200, { etag: '"v1"' }).end('[1]');
    });
    const source = bed.create({ url: urlOf(server) });
    bed.sink.result = async () => {
      throw new Error('the hub is full');
    };
    expect(await bed.failureOf(source)).toBe('the hub is full');
    expect(await bed.failureOf(source)).toBe('the hub is full');
    expect(server.headers[1]).not.toHaveProperty('if-none-match');
  });

  it('is a failure where nothing was known', async () => {
    const server = await servers.http((_, response) => response.writeHead(304).end());
    expect(await bed.failure({ url: urlOf(server) })).toContain('answers 304');
  });
});

describe('who asks', () => {
  it.each([
    [{ type: 'basic', user: 'u', password: 'p' }, 'authorization', 'Basic dTpw'],
    [{ type: 'bearer', token: 't0ken' }, 'authorization', 'Bearer t0ken'],
    [{ type: 'key', name: 'X-Key', secret: 'k3y' }, 'x-key', 'k3y'],
  ])('is told by a header: %j', async (auth, name, value) => {
    const server = await json([]);
    await bed.results({ url: urlOf(server), auth, secretHeaders: { 'X-Tenant': 'acme' } });
    expect(server.headers[0]).toMatchObject({ [name]: value, 'x-tenant': 'acme' });
  });

  it('is told by the query', async () => {
    const server = await json([]);
    await bed.results({
      url: urlOf(server, '/?a=1&appid=mine'),
      auth: { type: 'key', in: 'query', name: 'appid', secret: 'k 3y' },
    });
    expect(server.asked).toEqual([`GET 127.0.0.1:${server.port}/?a=1&appid=k%203y`]);
  });

  it('is repeated by no sentence, though the far end repeats it', async () => {
    const server = await servers.http((request, response) => {
      const said = [request.headers.authorization, request.headers['x-tenant'], request.url].join(' ');
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message: `no: ${said}` }));
    });
    for (const auth of [
      { type: 'basic', user: 'u', password: 's3cret-pass' },
      { type: 'bearer', token: 's3cret-token' },
      { type: 'key', in: 'query', name: 'k', secret: 's3cret key' },
    ]) {
      const message = await bed.failure({ url: urlOf(server), auth, secretHeaders: { 'x-tenant': 's3cret-tenant' } });
      expect(message).toContain('answers 403: we have no right to that; it says: no: ');
      expect(message).not.toMatch(/s3cret|dTpzM2NyZXQtcGFzcw/);
    }
  });
});

describe('a client that fetches tokens', () => {
  interface Giver {
    readonly server: TestServer;
    given: number;
    answer: object;
    status: number;
  }
  async function giver(answer: object = {}): Promise<Giver> {
    const state: { given: number; answer: object; status: number } = { given: 0, answer, status: 200 };
    const server = await servers.http((_, response) => {
      state.given += 1;
      const token = { access_token: `token-${state.given}`, token_type: 'Bearer', ...state.answer };
      response.writeHead(state.status, { 'content-type': 'application/json' }).end(JSON.stringify(token));
    });
    return Object.assign(state, { server });
  }
  const authOf = ({ server }: Giver, more = {}) => ({
    ...{ type: 'oauth2', tokenUrl: urlOf(server, '/token'), clientId: 'me & co', clientSecret: 's3cret:%' },
    ...more,
  });

  it('asks with its own credentials, and with the token as long as it is good', async () => {
    const tokens = await giver({ expires_in: 100 });
    const server = await json([]);
    bed.run(bed.create({ url: urlOf(server), auth: authOf(tokens, { scope: 'read all' }), intervalMs: 30_000 }));
    for (const [asked, given] of [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
    ] as const) {
      await bed.until(() => server.asked.length === asked);
      expect([asked, tokens.given]).toEqual([asked, given]);
      await bed.until(() => bed.sink.results.length === asked);
      await bed.clock.advance(30_000);
    }
    expect(tokens.server.bodies[0]).toBe('grant_type=client_credentials&scope=read+all');
    expect(tokens.server.headers[0]?.authorization).toBe(
      `Basic ${Buffer.from('me+%26+co:s3cret%3A%25').toString('base64')}`,
    );
    expect(server.headers.map(({ authorization }) => authorization).slice(0, 4)).toEqual([
      ...['Bearer token-1', 'Bearer token-1', 'Bearer token-1', 'Bearer token-2'],
    ]);
  });

  it('may send them in the body', async () => {
    const tokens = await giver();
    await bed.results({ url: urlOf(await json([])), auth: authOf(tokens, { send: 'body', audience: 'api' }) });
    expect(Object.fromEntries(new URLSearchParams(tokens.server.bodies[0]))).toEqual({
      ...{ grant_type: 'client_credentials', audience: 'api', client_id: 'me & co', client_secret: 's3cret:%' },
    });
    expect(tokens.server.headers[0]).not.toHaveProperty('authorization');
  });

  it('fetches another one, once, when the one it has is not taken', async () => {
    const tokens = await giver();
    const server = await servers.http((request, response) => {
      const isTaken = request.headers.authorization !== 'Bearer token-1';
      response.writeHead(isTaken ? 200 : 401).end('[]');
    });
    expect(await bed.results({ url: urlOf(server), auth: authOf(tokens) })).toEqual([[]]);
    const never = await json({ message: 'who is token-3?' }, {}, 401);
    const message = await bed.failure({ url: urlOf(never), auth: authOf(tokens) });
    expect(message).toContain('answers 401: it does not take our credentials');
    expect(never.asked).toHaveLength(2);
  });

  it.each<[string, object, number, string]>([
    [
      'refuses',
      { error: 'invalid_client', error_description: 'unknown s3cret:%' },
      401,
      'answers 401: it does not take our credentials (auth), or wants some; it says: unknown ***',
    ],
    ['gives none', { access_token: undefined }, 200, 'answers without an access_token'],
    ['gives one that no header takes', { access_token: 'a\r\nb' }, 200, 'answers without an access_token'],
    ['gives one of another type', { token_type: 'mac' }, 200, 'gives tokens of the type mac, not bearer'],
  ])('says so when who gives tokens %s', async (_what, answer, status, sentence) => {
    const tokens = await giver(answer);
    tokens.status = status;
    const server = await json([]);
    const message = await bed.failure({ url: urlOf(server), auth: authOf(tokens) });
    expect(message).toContain(`the giver of tokens 127.0.0.1:${tokens.server.port} ${sentence}`);
    expect(message).not.toContain('s3cret');
    expect(server.asked).toEqual([]);
  });
});

describe('pages', () => {
  const ROWS = Array.from({ length: 25 }, (_, id) => ({ id }));
  const flat = (results: unknown[]) => results.flat();

  it('by the header Link', async () => {
    const server = await servers.http((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 1);
      const links = [
        `<?page=1>; rel="first"`,
        `<http://127.0.0.1:${server.port}/?page=${page + 1}&q=a,b>; rel="next prefetch"`,
      ];
      response
        .writeHead(200, page < 3 ? { link: links.join(', ') } : { link: links[0] })
        .end(JSON.stringify(ROWS.slice(page * 10 - 10, page * 10)));
    });
    expect(flat(await bed.results({ url: urlOf(server), paging: { by: 'link' } }))).toEqual(ROWS);
    expect(server.asked).toHaveLength(3);
  });

  it('by an address in the answer, which may be a part of one', async () => {
    const server = await servers.http((request, response) => {
      const from = Number(new URL(request.url ?? '', 'http://x').searchParams.get('from') ?? 0);
      const next = from + 10 < ROWS.length ? `?from=${from + 10}` : null;
      response.end(JSON.stringify({ items: ROWS.slice(from, from + 10), links: { next } }));
    });
    const paging = { by: 'next', path: 'links.next' };
    expect(flat(await bed.results({ url: urlOf(server, '/v1/'), path: 'items', paging }))).toEqual(ROWS);
  });

  it.each(['query', 'json'])('by a cursor in the %s', async (place) => {
    const server = await servers.http((request, response, body) => {
      const asked =
        place === 'query'
          ? new URL(request.url ?? '', 'http://x').searchParams.get('after')
          : (JSON.parse(body) as { after?: string }).after;
      const from = Number(asked?.slice(1) ?? 0);
      response.end(
        JSON.stringify({ items: ROWS.slice(from, from + 10), meta: { cursor: from + 10 < 25 ? `c${from + 10}` : '' } }),
      );
    });
    const paging = { by: 'cursor', path: 'meta.cursor', parameter: 'after', in: place };
    const body = place === 'json' ? { method: 'POST', json: { size: 10 } } : {};
    expect(flat(await bed.results({ url: urlOf(server), path: 'items', paging, ...body }))).toEqual(ROWS);
    if (place === 'json') expect(server.bodies[2]).toBe('{"size":10,"after":"c20"}');
  });

  it.each([
    [{ by: 'page' }, 4],
    [{ by: 'page', size: 10 }, 3],
    [{ by: 'page', first: 0, parameter: 'p', size: 10 }, 3],
    [{ by: 'offset', size: 10 }, 3],
  ])('by number: %j', async (paging, questions) => {
    const server = await servers.http((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const p = searchParams.get('p');
      const from = Number(searchParams.get('offset') ?? Number(p ?? Number(searchParams.get('page')) - 1) * 10);
      response.end(JSON.stringify(ROWS.slice(from, from + 10)));
    });
    expect(flat(await bed.results({ url: urlOf(server), paging }))).toEqual(ROWS);
    expect(server.asked).toHaveLength(questions);
  });

  it('are asked for up to a bound, and what is left out is told', async () => {
    let page = 0;
    const server = await servers.http((_, response) => response.end(JSON.stringify([{ id: page++ }])));
    const results = await bed.results({ url: urlOf(server), paging: { by: 'page', maxPages: 4 } });
    expect(flat(results)).toHaveLength(4);
    expect(bed.sink.refusals).toEqual(['there are more than 4 pages (paging.maxPages); the rest is left out']);
  });

  it('without end are a failure at the bounds of rows and bytes', async () => {
    let id = 0;
    const server = await servers.http((_, response) =>
      response.end(JSON.stringify(Array.from({ length: 100 }, () => ({ id: id++ })))),
    );
    const paging = { by: 'page', maxPages: 1000 };
    expect(await bed.failure({ url: urlOf(server), paging, maxRows: 250 })).toContain('more than 250 rows (maxRows)');
    expect(await bed.failure({ url: urlOf(server), paging, maxBytes: 3000 })).toContain('is longer than');
  });

  it('that lead in a circle, or do not move, are a failure', async () => {
    const circle = await servers.http((_, response) => response.writeHead(200, { link: '</>; rel=next' }).end('[1]'));
    expect(await bed.failure({ url: urlOf(circle), paging: { by: 'link' } })).toContain(
      'from page to page in a circle',
    );
    const same = await json([{ id: 1 }]);
    expect(await bed.failure({ url: urlOf(same), paging: { by: 'page' } })).toContain(
      'answers with the same page again; does it know the parameter page?',
    );
  });

  it.each([
    'http://127.0.0.2:PORT/',
    'http://127.0.0.1:1/',
    '//127.0.0.2:PORT/',
    'https://127.0.0.1:PORT/',
    'http://u:p@127.0.0.1:PORT/',
    'file:///etc/passwd',
  ])('are asked for on the first host alone: %s', async (next) => {
    const server = await servers.http((_, response) => {
      response.end(JSON.stringify({ items: [], next: next.replace('PORT', String(server.port)) }));
    });
    const auth = { type: 'bearer', token: 's3cret' };
    const message = await bed.failure({
      url: urlOf(server),
      path: 'items',
      auth,
      paging: { by: 'next', path: 'next' },
    });
    expect(message).toContain(`and what is meant for http://127.0.0.1:${server.port} is told to no other host`);
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    [{ items: {}, next: null }, 'has pages of rows (paging), but items is no list (path)'],
    [{ items: [], next: 5 }, 'next (paging.path) of the answer is no address'],
    [{ items: [], next: 'http://[/' }, 'the next page is at what is no address'],
  ])('of another shape are a failure: %j', async (answer, sentence) => {
    const server = await json(answer);
    const paging = { by: 'next', path: 'next' };
    expect(await bed.failure({ url: urlOf(server), path: 'items', paging })).toContain(sentence);
  });
});

describe('a far end that fails', () => {
  it.each([
    [400, 'it does not understand the question'],
    [401, 'it does not take our credentials (auth), or wants some'],
    [404, 'there is nothing at that address'],
    [418, 'it does not understand the question'],
    [500, 'it has failed by itself'],
    [502, 'what is behind it does not answer'],
    [599, 'it has failed by itself'],
  ])('with %i: %s', async (status, sentence) => {
    const server = await servers.http((_, response) => response.writeHead(status).end('<p>words'));
    expect(await bed.failure({ url: urlOf(server, '/orders?key=s3cret') })).toBe(
      `GET http://127.0.0.1:${server.port}/orders answers ${status}: ${sentence}`,
    );
  });

  it.each([
    [{ message: 'no such\nregion' }, 'no such region'],
    [{ error: { message: 'deep' } }, 'deep'],
    [{ errors: [{ code: 5, detail: 'first' }] }, 'first'],
    [{ error: 'invalid' }, 'invalid'],
  ])('tells its own words: %j', async (body, words) => {
    const server = await json(body, {}, 422);
    expect(await bed.failure({ url: urlOf(server) })).toContain(`; it says: ${words}`);
  });

  it('says no more than fits on a screen, however much it says', async () => {
    const server = await servers.http((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const say = () => {
        if (response.destroyed) return;
        if (response.write('x'.repeat(10_000))) setImmediate(say);
        else response.once('drain', say);
      };
      say();
    });
    expect((await bed.failure({ url: urlOf(server) })).length).toBeLessThan(400);
  });

  it.each([429, 503])('with %i and a time is left alone that long, also by the next run', async (status) => {
    let busy = true;
    const server = await servers.http((_, response) => {
      if (busy) response.writeHead(status, { 'retry-after': '120' }).end();
      else response.end('[]');
    });
    const source = bed.create({ url: urlOf(server) });
    expect(await bed.failureOf(source)).toContain('; it wants to be left alone for 120 s');
    busy = false;
    bed.run(source);
    await bed.clock.advance(119_000);
    expect(server.asked).toHaveLength(1);
    await bed.clock.advance(1_000);
    await bed.until(() => bed.sink.results.length === 1);
  });

  it('that wants to be left alone for ever is not left alone for longer than maxIntervalMs', async () => {
    const server = await servers.http((_, response) => response.writeHead(429, { 'retry-after': '999999999' }).end());
    expect(await bed.failure({ url: urlOf(server), maxIntervalMs: 60_000 })).toContain('left alone for 60 s');
  });

  it('by being away, in time or at all', async () => {
    const port = await freePort();
    expect(await bed.failure({ url: `http://127.0.0.1:${port}/` })).toBe(
      `127.0.0.1:${port} cannot be asked: nothing listens there`,
    );
    const silent = await servers.http(() => {});
    const running = bed.failure({ url: urlOf(silent), timeoutMs: 2000 });
    await bed.until(() => silent.asked.length === 1);
    await bed.clock.advance(2000);
    expect(await running).toBe(
      `GET http://127.0.0.1:${silent.port}/ did not answer within 2000 ms: ask it for less, or raise timeoutMs`,
    );
  });
});

describe.skipIf(findProgram('openssl') === undefined)('over TLS (openssl)', () => {
  it('a certificate is checked, with an authority of ours, or not at all', async () => {
    const authority = createTestAuthority();
    const server = await servers.http((_, response) => response.end('[1]'), { tls: authority.issue('IP:127.0.0.1') });
    const url = `https://127.0.0.1:${server.port}/`;
    expect(await bed.failure({ url })).toContain('its certificate is of an authority that is not known; name it in ca');
    expect(await bed.results({ url, ca: authority.ca })).toEqual([[1]]);
    expect(await bed.results({ url, insecure: true }, 2)).toEqual([[1], [1]]);
  });
});

describe('asked by pages', () => {
  const settings = { url: 'http://api.test/x', request: 'browser', query: { a: ':a' }, path: 'data' };

  it('the server asks nobody, and tells whoever watches its topic', async () => {
    const server = await json([]);
    const message = await bed.failure({ ...settings, url: urlOf(server), query: {} });
    expect(message).toBe('this source is asked by the pages themselves (request: browser), so its topic holds nothing');
    expect(server.reachedAt).toEqual([]);
  });

  it.each([
    [{ auth: { type: 'bearer', token: 't' } }, /sources\.probe\.auth: cannot be set when request is browser/],
    [{ secretHeaders: { a: 'b' } }, /sources\.probe\.secretHeaders/],
    [{ insecure: true }, /sources\.probe\.insecure/],
    [{ paging: { by: 'link' } }, /sources\.probe\.paging/],
  ])('there are no secrets: %j', (more, complaint) => {
    expect(() => bed.create({ ...settings, ...more })).toThrow(complaint);
  });

  it.each<[JsonObject, string]>([
    [{ format: 'csv', path: '' }, 'format: must not be csv when request is browser: only the server reads CSV'],
    [{ maxBytes: 16 * 1024 * 1024 + 1 }, 'maxBytes: must be at most 16777216 when request is browser'],
    [{ maxRows: 100_001 }, 'maxRows: must be at most 100000 when request is browser'],
    [{ headers: { 'Sec-Fetch-Mode': 'x' } }, 'headers.Sec-Fetch-Mode: cannot be set when request is browser'],
    [{ headers: { Origin: 'x' } }, 'headers.Origin: cannot be set when request is browser'],
    ...['http://[::1]/', 'http://a;sandbox/', 'http://*.test/', 'http://a,b/'].map((url): [JsonObject, string] => [
      { url },
      'url: must name a host by letters',
    ]),
  ])('what no page can ask, or be let to, is refused by its field: %j', (more, complaint) => {
    expect(() => bed.create({ ...settings, ...more })).toThrow(`sources.probe.${complaint}`);
  });
});

describe('an abort', () => {
  it.each<[string, () => Promise<TestServer>]>([
    ['before the head', () => servers.http(() => {})],
    ['in the middle of the body', () => servers.http((_, response) => response.write('[1,'))],
    [
      'between two pages',
      () =>
        servers.http((request, response) =>
          request.url === '/' ? response.writeHead(200, { link: '</2>; rel=next' }).end('[1]') : undefined,
        ),
    ],
  ])('%s ends the run at once, brings nothing, and leaves no connection', async (what, start) => {
    const server = await start();
    const running = bed.run(bed.create({ url: urlOf(server), paging: { by: 'link' } }));
    await bed.until(() => server.asked.length > (what === 'between two pages' ? 1 : 0));
    await bed.stop();
    await running;
    await bed.until(() => server.open === 0);
    expect(bed.sink.results).toEqual([]);
  });

  it('while it waits until it may ask again', async () => {
    const server = await servers.http((_, response) => response.writeHead(503, { 'retry-after': '100' }).end());
    const source = bed.create({ url: urlOf(server) });
    await bed.failureOf(source);
    const running = bed.run(source);
    await bed.stop();
    await running;
    expect(server.asked).toHaveLength(1);
  });
});

it('settings that make no sense together are refused by their field', () => {
  const url = 'http://h.test/';
  for (const [settings, field] of [
    [{ json: {} }, 'json: is not sent with GET'],
    [{ method: 'POST', json: {}, form: {} }, 'form: cannot be sent beside json'],
    [{ format: 'csv', path: 'a' }, 'path: is for JSON'],
    [{ format: 'text' }, 'format: must not be text when topicKind is table'],
    [{ format: 'ndjson', paging: { by: 'next', path: 'a' } }, 'paging: by next is for JSON'],
    [{ paging: { by: 'cursor', path: 'a', in: 'json' } }, 'json: must be an object'],
    [{ paging: { by: 'magic' } }, 'paging.by'],
    [{ intervalMs: 200, minIntervalMs: 300 }, 'intervalMs: must be at least minIntervalMs'],
  ] as const) {
    expect(() => bed.create({ url, ...settings } as never)).toThrow(`sources.probe.${field}`);
  }
});
