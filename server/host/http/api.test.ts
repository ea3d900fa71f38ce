import { request as httpRequest } from 'node:http';
import { ERROR_CODES, ERROR_STATUS, type ErrorBody } from '@tidewall/protocol';
import { FakeClock, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let host: TestHost;

beforeAll(async () => {
  host = await startTestHost({
    settings: {
      limits: { publicationBytes: 1000 },
      topics: [{ pattern: 'plant/+/oee', kind: 'series', keep: { count: 2 }, expectEveryMs: 60_000 }],
    },
  });
});

afterAll(() => host.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${host.url}${path}`, { headers });
const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${host.url}${path}`, { method: 'POST', body, headers });

async function errorOf(answer: Response): Promise<ErrorBody> {
  const { error } = (await answer.json()) as { error: ErrorBody };
  expect(Object.keys(error).sort()).toEqual(['afterMs', 'code', 'detail', 'message', 'name', 'retryable']);
  expect(error.code).toBe(ERROR_CODES[error.name].code);
  return error;
}

test('what is published is read back with the same position', async () => {
  const published = await post('/api/topics/demo/answer', '{"value": 42}');
  expect(published.status).toBe(200);
  const position = await published.json();
  expect(position).toEqual({ epoch: expect.any(String), offset: 1 });
  const read = await get('/api/topics/demo/answer');
  expect(read.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await read.json()).toMatchObject({ topic: 'demo/answer', kind: 'state', ...position, data: { value: 42 } });
});

test.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json', 'nonsense', 'image/png; a=b'])(
  'the body is JSON although it is said to be %s',
  async (type) => {
    expect((await post('/api/topics/demo/types', '[1]', { 'content-type': type })).status).toBe(200);
  },
);

test('names of any script and their escapes are the same topic', async () => {
  await post(`/api/topics/${encodeURIComponent('产线')}/oee`, '1');
  expect(await (await get('/api/topics/产线/oee')).json()).toMatchObject({ topic: '产线/oee', data: 1 });
});

test('op, kind and at of the query are what is published', async () => {
  await post('/api/topics/demo/merged', '{"a":1,"b":1}');
  await post('/api/topics/demo/merged?op=merge&at=1700000000000', '{"b":null,"c":2}');
  const read = (await (await get('/api/topics/demo/merged')).json()) as { data: unknown; freshness: unknown };
  expect(read).toMatchObject({ data: { a: 1, c: 2 }, freshness: { asOf: 1_700_000_000_000 } });
  await post('/api/topics/demo/log?kind=log', '"one"');
  expect(await (await get('/api/topics/demo/log')).json()).toMatchObject({ kind: 'log', data: ['one'] });
});

test('a configured topic is what the configuration says, and keeps as much', async () => {
  for (const value of [1, 2, 3]) await post('/api/topics/plant/a/oee', JSON.stringify({ t: value, v: value }));
  const read = (await (await get('/api/topics/plant/a/oee')).json()) as { kind: string; data: { t: number[] } };
  expect(read.kind).toBe('series');
  expect(read.data.t).toEqual([2, 3]);
});

test.each<[string, string | Uint8Array<ArrayBuffer>, keyof typeof ERROR_CODES, RegExp]>([
  ['/api/topics/x', '', 'bad_request', /^the body is empty; it must be JSON$/],
  ['/api/topics/x', '  \n', 'bad_request', /^the body is empty/],
  [
    '/api/topics/x',
    'hello',
    'bad_request',
    /^the body is not JSON at column 1: expected a value, got "hello"; a text needs/,
  ],
  ['/api/topics/x', '{"a":\n1,}', 'bad_request', /^the body is not JSON at line 2, column 3: expected a member name/],
  ['/api/topics/x', new Uint8Array([0x22, 0xff, 0x22]), 'bad_request', /^the body is not UTF-8$/],
  ['/api/topics/x', '['.repeat(100), 'bad_request', /^the body: JSON nests deeper than 64 levels$/],
  [
    '/api/topics/x',
    `"${'x'.repeat(1000)}"`,
    'limit_exceeded',
    /^the body is larger than 1000 bytes \(limits.publicationBytes\)$/,
  ],
  ['/api/topics/a//b', '1', 'bad_request', /must not have an empty part/],
  ['/api/topics/a/%20', '1', 'bad_request', /a part may hold letters/],
  ['/api/topics/a%zz', '1', 'bad_request', /is not a valid url component/],
  [`/api/topics/${'x'.repeat(257)}`, '1', 'bad_request', /must have 1 to 256 characters, has 257/],
  ['/api/topics/x?op=add', '1', 'bad_request', /^query: op must be one of replace, .*, got "add"$/],
  ['/api/topics/x?opp=merge', '1', 'bad_request', /^query: opp is unknown; did you mean "op"\?$/],
  ['/api/topics/x?op=merge&op=replace', '1', 'bad_request', /^query: op must be one of/],
  ['/api/topics/x?at=soon', '1', 'bad_request', /^query: at must be a number, got "soon"$/],
  ['/api/topics/x?op=append', '1', 'wrong_kind', /append/],
])('POST %s with %j is refused as %s', async (path, body, name, message) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(ERROR_STATUS[name]);
  const error = await errorOf(answer);
  expect(error.name).toBe(name);
  expect(error.message).toMatch(message);
});

test('a body that is longer than it may be is refused before it has come', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest(`${host.url}/api/topics/big`, {
      method: 'POST',
      headers: { 'content-length': 5_000_000 },
    });
    request.on('response', (response) => {
      resolve(response.statusCode);
      response.resume();
      request.destroy();
    });
    request.on('error', reject);
    request.flushHeaders();
  });
  expect(status).toBe(413);
});

test('an unknown topic is answered with the nearest ones', async () => {
  await post('/api/topics/demo/answer', '1');
  const answer = await get('/api/topics/demo/answr');
  expect(answer.status).toBe(404);
  const error = await errorOf(answer);
  expect(error.message).toBe(
    'nothing has been published to demo/answr, and no source feeds it; did you mean demo/answer?',
  );
  expect(error.detail).toEqual({ nearest: ['demo/answer'] });
});

test('polling costs a 304 until something changes', async () => {
  await post('/api/topics/demo/poll', '1');
  const first = await get('/api/topics/demo/poll');
  const etag = first.headers.get('etag') ?? '';
  const { epoch, offset } = (await first.json()) as { epoch: string; offset: number };
  expect(etag).toBe(`"${epoch}-${offset}"`);
  const second = await get('/api/topics/demo/poll', { 'if-none-match': `W/"x", ${etag}` });
  expect(second.status).toBe(304);
  expect(await second.text()).toBe('');
  await post('/api/topics/demo/poll', '2');
  expect((await get('/api/topics/demo/poll', { 'if-none-match': etag })).status).toBe(200);
});

test('a topic that has grown stale is not taken for unchanged', async () => {
  const clock = new FakeClock();
  const settings = { topics: [{ pattern: 'beat', kind: 'state', expectEveryMs: 1000 }] };
  const aging = await startTestHost({ clock, settings });
  try {
    const url = `${aging.url}/api/topics/beat`;
    await fetch(url, { method: 'POST', body: '1' });
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    const headers = { 'if-none-match': etag };
    expect((await fetch(url, { headers })).status).toBe(304);
    await clock.advance(6000);
    const answer = await fetch(url, { headers });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ freshness: { state: 'stale' } });
    expect(answer.headers.get('etag')).toBe(etag.replace(/"$/, '-stale"'));
  } finally {
    await aging.close();
  }
});

test('history is read from a position, and another epoch is refused', async () => {
  for (const entry of [1, 2, 3]) await post('/api/topics/demo/history?kind=log', String(entry));
  const { epoch } = (await (await get('/api/topics/demo/history')).json()) as { epoch: string };
  const history = await (await get(`/api/topics/demo/history?since=${epoch}:1&limit=1`)).json();
  expect(history).toMatchObject({ epoch, kind: 'log', entries: [{ o: 2, op: 'append', d: 2 }], more: true });
  const reverse = await (await get('/api/topics/demo/history?reverse=true&limit=2')).json();
  expect(reverse).toMatchObject({ entries: [{ o: 3 }, { o: 2 }] });
  const lost = await get('/api/topics/demo/history?since=other:1');
  expect(lost.status).toBe(410);
  expect((await errorOf(lost)).name).toBe('unrecoverable_position');
  const wrong = await errorOf(await get('/api/topics/demo/history?since=1'));
  expect(wrong.message).toBe('query: since must look like <epoch>:<offset>, got "1"');
});

test('a publication that comes again with its key is not made again', async () => {
  const once = { 'idempotency-key': '"8e03978e-40d5"' };
  const first = await (await post('/api/topics/demo/keyed?kind=log', '1', once)).json();
  expect(
    await (await post('/api/topics/demo/keyed?kind=log', '1', { 'idempotency-key': '8e03978e-40d5' })).json(),
  ).toEqual(first);
  const lines = ['k1', 'k1', 'k2'].map((key) => JSON.stringify({ topic: 'demo/keyed', data: key, key }));
  const answers = (await (await post('/api/publish', lines.join('\n'))).text()).trim().split('\n');
  expect(answers.map((line) => (JSON.parse(line) as { offset: number }).offset)).toEqual([2, 2, 3]);
  expect(await (await get('/api/topics/demo/keyed')).json()).toMatchObject({ data: [1, 'k1', 'k2'] });
  const long = await errorOf(await post('/api/topics/demo/keyed', '1', { 'idempotency-key': 'x'.repeat(129) }));
  expect(long.message).toBe('the header Idempotency-Key must have 1 to 128 characters, has 129');
});

test('a topic that is deleted is gone with all that was kept of it', async () => {
  await post('/api/topics/demo/gone?kind=log', '1');
  const { epoch } = (await (await get('/api/topics/demo/gone')).json()) as { epoch: string };
  const deleted = await fetch(`${host.url}/api/topics/demo/gone`, { method: 'DELETE' });
  expect([deleted.status, await deleted.json()]).toEqual([200, {}]);
  expect((await get('/api/topics/demo/gone')).status).toBe(404);
  expect((await fetch(`${host.url}/api/topics/demo/gone`, { method: 'DELETE' })).status).toBe(404);
  await post('/api/topics/demo/gone', '"anew"');
  const anew = (await (await get('/api/topics/demo/gone')).json()) as { epoch: string };
  expect(anew).toMatchObject({ kind: 'state', offset: 1, data: 'anew' });
  expect(anew.epoch).not.toBe(epoch);
});

test('who follows a topic is told, apart from a topic that is called like it', async () => {
  await post('/api/topics/demo/watched', '1');
  await post('/api/topics/demo/watched/presence', '1');
  expect(await (await get('/api/presence/demo/watched')).json()).toEqual({ count: 0, members: [] });
  const unknown = await errorOf(await get('/api/presence/demo/wached'));
  expect(unknown).toMatchObject({ name: 'unknown_topic', detail: { nearest: ['demo/watched'] } });
});

test('topics are listed by name with what an operator asks', async () => {
  await post('/api/topics/list/b', '1');
  await post('/api/topics/list/a', '1');
  const { now, topics } = (await (await get('/api/topics')).json()) as { now: number; topics: { topic: string }[] };
  expect(Math.abs(Date.now() - now)).toBeLessThan(10_000);
  const names = topics.map(({ topic }) => topic).filter((name) => name.startsWith('list/'));
  expect(names).toEqual(['list/a', 'list/b']);
  expect(topics[0]).toMatchObject({ kind: expect.any(String), rateHz: expect.any(Number), watchers: 0 });
});

test('a call that does not exist is named, with where to look', async () => {
  const answer = await fetch(`${host.url}/api/topics/x`, { method: 'PATCH' });
  expect(answer.status).toBe(404);
  expect((await errorOf(answer)).message).toBe('there is no PATCH /api/topics/x; see /api/openapi.json');
});

test('health, readiness and metrics answer in plain text', async () => {
  expect(await (await get('/healthz')).text()).toBe('ok\n');
  expect(await (await get('/readyz')).text()).toBe('ready\n');
  await get('/api/topics');
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toMatch(/tidewall_http_requests_total\{method="GET",route="\/api\/topics",status="200"\} \d+/);
  expect(metrics).toMatch(/tidewall_http_rejected_total\{reason="too_large"\} \d+/);
  expect(metrics).toMatch(/tidewall_publications_total \d+/);
  expect(metrics).toMatch(/process_resident_memory_bytes \d+/);
  expect(metrics).toMatch(/nodejs_eventloop_lag_seconds\{quantile="0.99"\}/);
});

test('HEAD is answered like GET, without the body', async () => {
  const answer = await fetch(`${host.url}/api/topics`, { method: 'HEAD' });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('');
});
