import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let host: TestHost;

beforeAll(async () => {
  host = await startTestHost();
});
afterAll(() => host?.close());

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(`${host.url}${path}`, { method: 'POST', body: body as never, headers });
  return { status: response.status, text: await response.text() };
}

/** How often this refusal has been counted. */
async function counted(route: string, name: string): Promise<number> {
  const text = await (await fetch(`${host.url}/metrics`)).text();
  const line = text
    .split('\n')
    .find((row) => row.startsWith(`tidewall_http_errors_total{route="${route}",name="${name}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

test.each([
  ['/api/topics/a', '{bad', '/api/topics/*', 'bad_request'],
  ['/api/topics/a', '', '/api/topics/*', 'bad_request'],
  ['/api/topics/a?kind=bogus', '1', '/api/topics/*', 'bad_request'],
  ['/api/topics/a?op=append', '1', '/api/topics/*', 'wrong_kind'],
  ['/api/topics/screens/none/elements/x', '1', '/api/topics/*', 'unknown_screen'],
])('POST %s of %j is counted as %s %s', async (path, body, route, name) => {
  const before = await counted(route, name);
  expect((await post(path, body)).status).toBeGreaterThanOrEqual(400);
  expect(await counted(route, name)).toBe(before + 1);
});

test('every refused line of many is counted, though the request was answered with 200', async () => {
  const before = await counted('/api/publish', 'bad_request');
  const { status, text } = await post('/api/publish', '{bad\n{"topic":"a","data":1}\n{"data":1}\n');
  expect([status, text.trim().split('\n').length]).toEqual([200, 3]);
  expect(await counted('/api/publish', 'bad_request')).toBe(before + 2);
});

test('a header that changes what a request means is refused, never passed over', async () => {
  for (const [path, headers] of [
    ['/api/topics/b', { 'content-encoding': 'gzip' }],
    ['/api/publish', { 'idempotency-key': 'once' }],
  ] as const) {
    const { status, text } = await post(path, '{"topic":"b","data":1}', headers as Record<string, string>);
    expect([status, JSON.parse(text).error.name]).toEqual([501, 'not_available']);
  }
  expect((await fetch(`${host.url}/api/topics/b`)).status).toBe(404);
  expect((await post('/api/topics/b', '1', { 'content-encoding': 'identity' })).status).toBe(200);
});

test('a body written over several lines reaches its subscribers as one line', async () => {
  const body = '{\n  "v": [1,\r\n 2]\n}\n';
  expect((await post('/api/topics/lines', body)).status).toBe(200);
  const history = await (await fetch(`${host.url}/api/topics/lines?limit=1`)).text();
  expect(history).toContain('"d":{"v":[1,2]}');
});

test('a body of many lines lets others have a turn', async () => {
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`k${i}`, i])));
  expect((await post('/api/topics/wide', wide)).status).toBe(200);
  const line = JSON.stringify({ topic: 'wide', op: 'merge', data: { k1: 1 } });
  let turns = 0;
  let going = true;
  const count = () => {
    turns++;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  const { text } = await post('/api/publish', `${line}\n`.repeat(10_000));
  going = false;
  expect(text.trim().split('\n')).toHaveLength(10_000);
  expect(turns).toBeGreaterThan(10);
});
