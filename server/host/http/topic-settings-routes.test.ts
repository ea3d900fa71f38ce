import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost, withStoreOf } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';

let dataDir: string;
let host: TestHost;

const FILE = [
  { pattern: 'file/+', kind: 'log' },
  { pattern: 'both/#', kind: 'series' },
];

const start = () =>
  startTestHost({ settings: { dataDir, broker: 'journal', topics: FILE, limits: { publicationBytes: 300_000 } } });

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidewall-settings-'));
  host = await start();
});

afterEach(async () => {
  await host.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: string | JsonObject) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const response = await fetch(`${host.url}${path}`, { method, ...(text !== undefined && { body: text }) });
  return { status: response.status, body: (await response.json()) as JsonObject & { error: ErrorBody } };
}

const address = (pattern: string) => `/api/topic-settings/${pattern.split('/').map(encodeURIComponent).join('/')}`;
const put = (pattern: string, settings: string | JsonObject, query = '') =>
  ask('PUT', `${address(pattern)}${query}`, settings);
const publish = (topic: string, data: unknown, query = '') =>
  ask('POST', `/api/topics/${topic}${query}`, JSON.stringify(data));
const listed = async (query = '') =>
  ((await ask('GET', `/api/topic-settings${query}`)).body['settings'] as { pattern: string; from: string }[]).map(
    ({ pattern, from }) => `${from} ${pattern}`,
  );

test('what is said counts at once, first that matches first, and is listed with where it was said', async () => {
  expect(await listed()).toEqual(['file file/+', 'file both/#']);
  const said = await put('both/+/new', { kind: 'table', keyField: 'sku', keep: { count: 5 }, readOnly: false });
  expect(said).toEqual({
    status: 200,
    body: {
      pattern: 'both/+/new',
      kind: 'table',
      keyField: 'sku',
      keep: { count: 5 },
      readOnly: false,
      from: 'api',
      restarted: [],
    },
  });
  await put('#', { expectEveryMs: 60_000 }, '?at=1');
  expect(await listed()).toEqual(['api both/+/new', 'api #', 'file file/+', 'file both/#']);
  expect(await listed('?topic=both/a/new')).toEqual(['api both/+/new', 'api #', 'file both/#']);
  expect((await publish('both/a/new', [{ sku: 'x' }])).status).toBe(200);
  expect((await publish('both/a/new', [{ id: 'x' }])).body.error.detail).toMatchObject({ path: '[0].sku' });
});

test('a topic that is there follows what is said of it, and its subscribers stay', async () => {
  await publish('plant/a', { y: 1 });
  const { body: before } = await ask('GET', '/api/topics/plant/a');
  const socket = new WebSocket(`ws://localhost:${host.port}/ws`, 'tidewall.v1.json');
  const frames: string[] = [];
  socket.on('message', (data) => frames.push(data.toString()));
  await vi.waitFor(() => expect(socket.readyState).toBe(WebSocket.OPEN));
  socket.send('{"id":1,"connect":{"version":1}}');
  socket.send('{"id":2,"subscribe":{"topic":"plant/a"}}');
  await vi.waitFor(() => expect(frames.join()).toContain('"y":1'));
  await put('plant/+', { kind: 'state', expectEveryMs: 60_000, schema: { properties: { y: { maximum: 5 } } } });
  expect((await publish('plant/a', { y: 6 })).status).toBe(422);
  await publish('plant/a', { y: 5 });
  await vi.waitFor(() => expect(frames.join()).toContain('"y":5'));
  expect(frames.join()).not.toContain('"end"');
  const { body: after } = await ask('GET', '/api/topics/plant/a');
  expect(after).toMatchObject({ epoch: before['epoch'], offset: 2, freshness: { expectEveryMs: 60_000 } });
  expect((await ask('DELETE', address('plant/+'))).body).toEqual({ removed: true, restarted: [] });
  expect((await publish('plant/a', { y: 6 })).status).toBe(200);
  socket.terminate();
});

test('a schema refuses what does not fit with the place, what was expected, what came and an example', async () => {
  const point = { type: 'object', properties: { y: { type: 'number', maximum: 100 } }, required: ['y'] };
  await put('points/+', { kind: 'table', schema: point });
  const { status, body } = await publish('points/a', [
    { id: 1, y: 1 },
    { id: 2, y: 101 },
  ]);
  expect(status).toBe(422);
  const example = [{ id: 'a', y: 1 }];
  expect(body.error).toMatchObject({
    name: 'shape_mismatch',
    message: `data[1].y must be a number ≤ 100, got 101; for example ${JSON.stringify(example)}`,
    detail: { path: '[1].y', expected: 'a number ≤ 100', got: '101', example },
  });
  expect((await publish('points/a', example)).status).toBe(200);
  const many = `${JSON.stringify({ topic: 'points/a', data: { id: 3 } })}\n`;
  expect((await ask('POST', '/api/publish', many)).body.error.detail).toMatchObject({ path: '.y', got: 'nothing' });
});

test('a merge is held to the value that it makes', async () => {
  await put('merged', {
    kind: 'state',
    schema: { type: 'object', required: ['a'], properties: { a: { minimum: 1 } } },
  });
  expect((await publish('merged', { b: 1 }, '?op=merge')).status).toBe(422);
  expect((await publish('merged', { a: 1 })).status).toBe(200);
  expect((await publish('merged', { b: 1 }, '?op=merge')).status).toBe(200);
  expect((await publish('merged', { a: null }, '?op=merge')).body.error.detail).toMatchObject({ path: '.a' });
});

test('what would be of another kind and holds something refuses the change, unless it may start again', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await publish(`lab/${name}`, 1);
  const refused = await put('lab/+', { kind: 'log' });
  expect(refused.status).toBe(409);
  expect(refused.body.error.message).toMatch(/^lab\/a, lab\/b, lab\/c and 1 more would be of another kind or have/);
  expect(await listed()).toEqual(['file file/+', 'file both/#']);
  const { body } = await put('lab/+', { kind: 'log' }, '?reset=true');
  expect(body['restarted']).toEqual(['lab/a', 'lab/b', 'lab/c', 'lab/d']);
  expect((await ask('GET', '/api/topics/lab/a')).status).toBe(404);
  await publish('lab/a', 'entry');
  expect((await ask('GET', '/api/topics/lab/a')).body).toMatchObject({ kind: 'log', offset: 1, data: ['entry'] });
});

test('only a source may publish to what is read-only', async () => {
  await put('given/#', { readOnly: true });
  const { status, body } = await publish('given/a', 1);
  expect([status, body.error.name]).toEqual([403, 'permission_denied']);
});

test('a restart keeps what was said, and of the topics those that are to be retained', async () => {
  await put('kept/+', { kind: 'table', keyField: 'k', schema: { required: ['v'] }, retain: false });
  await put('late', { kind: 'log' });
  await publish('kept/b', [{ k: 1, v: 1 }]);
  await publish('late', 'entry');
  await host.close();
  host = await start();
  expect(await listed()).toEqual(['api late', 'api kept/+', 'file file/+', 'file both/#']);
  expect((await publish('kept/a', [{ k: 1 }])).body.error.detail).toMatchObject({ path: '[0].v' });
  expect((await ask('GET', '/api/topics/late')).body).toMatchObject({ kind: 'log', data: ['entry'] });
  expect((await ask('GET', '/api/topics/kept/b')).status).toBe(404);
  const [record] = await withStoreOf(dataDir, (store) => store.read('topics'));
  expect(record?.value).toMatchObject({ topics: [{ pattern: 'late' }, { pattern: 'kept/+', retain: false }] });
});

test('two changes that come together are both kept', async () => {
  const names = Array.from({ length: 10 }, (_, i) => `p/${i}`);
  const answers = await Promise.all(names.map((name) => put(name, { kind: 'log' })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await listed()).filter((row) => row.startsWith('api')).sort()).toEqual(names.map((name) => `api ${name}`));
});

test('taking back what was never said removes nothing', async () => {
  expect((await ask('DELETE', address('file/+'))).body).toEqual({ removed: false, restarted: [] });
  expect(await listed()).toEqual(['file file/+', 'file both/#']);
});

test("an element's topic says itself what it is", async () => {
  expect(await listed('?topic=screens/a/elements/b')).toEqual(['screen screens/a/elements/b']);
});

test.each<[string, string | JsonObject, RegExp]>([
  ['a', '', /^the body is empty/],
  ['a', '[]', /^the body must be an object/],
  ['a', 'null', /^the body must be an object/],
  ['a', '{', /^the body is not JSON/],
  ['a', '['.repeat(100), /nests deeper than 64/],
  ['a', { pattern: 'b' }, /^pattern is unknown here/],
  ['a', { knid: 'log' }, /^knid is unknown; did you mean "kind"\?/],
  ['a', { kind: 'heap' }, /^kind must be one of state, table/],
  ['a', { keep: { count: 5 } }, /^keep needs kind too/],
  ['a', { schema: {} }, /^schema needs kind too/],
  ['a', { kind: 'log', schema: true }, /^schema must be a JSON Schema \(an object\), got true/],
  [
    'a',
    { kind: 'log', schema: { properties: { y: { type: 'nmber' } } } },
    /^schema\.properties\.y\.type must be one of/,
  ],
  ['a', { kind: 'log', schema: { pattern: '(a+)+\\1' } }, /^schema\.pattern must be a regular expression of RE2/],
  ['a', { kind: 'log', expectEveryMs: 5 }, /^expectEveryMs must be at least 100, got 5/],
  ['a', '{"__proto__":{"kind":"log"}}', /unknown/],
  ['a//b', { kind: 'log' }, /^path: pattern must not have an empty part/],
  ['a/#/b', { kind: 'log' }, /"#" only as its last part/],
  ['a+', { kind: 'log' }, /"\+" and "#" alone between slashes/],
  ['a b', { kind: 'log' }, /a part that no topic can have/],
  ['x'.repeat(257), { kind: 'log' }, /at most 256 characters/],
])('PUT %.20s with %j is refused', async (pattern, settings, message) => {
  const { status, body } = await put(pattern, settings);
  expect([status, body.error?.name]).toEqual([400, 'bad_request']);
  expect(body.error.message).toMatch(message);
  expect(await listed()).toEqual(['file file/+', 'file both/#']);
});

test('no pattern, however odd, does more than be kept or be refused', async () => {
  const parts = ['+', '#', '..', '.', '', ' ', '%', '%2e%2e', '\\', '\0', '\n', '__proto__', 'constructor', '一', '🂡'];
  const more = ['a?b', 'a#b', 'a&at=1', '$share', '~', '"', "'", '<b>', '*', '{x}', ':id', 'ﬀ', '\ud800'];
  const odd = [...parts, ...more].flatMap((part) => [
    part,
    `${part}/a`,
    `a/${part}`,
    `a/${part}/b`,
    `${part}/${part}`,
    `a${part}`,
    `${part}a`,
  ]);
  const patterns = [...odd, '/'.repeat(200), '+/'.repeat(127), 'a/'.repeat(127), '#'.repeat(50), '+'.repeat(256)];
  expect(patterns.length).toBeGreaterThan(200);
  for (const pattern of patterns) {
    const status = await putRaw(escapePath(pattern));
    expect([200, 400], JSON.stringify(pattern)).toContain(status);
  }
  const kept = await listed();
  expect(kept).toEqual(expect.arrayContaining(['api #', 'api +/a', 'api __proto__/a', 'api 一', 'api $share/$share']));
  for (const row of kept) expect(row).toMatch(/^(api|file) [\p{L}\p{M}\p{N}._~:@=,$+#/-]+$/u);
  expect(({} as Record<string, unknown>)['kind']).toBeUndefined();
});

test('a body larger than bodies may be is refused before it is read', async () => {
  const { status, body } = await put('a', { kind: 'log', schema: { description: 'x'.repeat(1024 * 1024) } });
  expect([status, body.error.name]).toEqual([413, 'limit_exceeded']);
  const schema = { description: 'x'.repeat(70_000) };
  expect((await put('a', { kind: 'log', schema })).body.error.message).toMatch(/^schema must have at most 65536 char/);
});

test('what is checked against a schema made to be slow lets others have a turn soon', async () => {
  const checks = Array.from({ length: 98 }, (_, i) => ({ minimum: -i }));
  await put('slow', { kind: 'state', schema: { items: { allOf: checks } } });
  const pattern = '^(a|a)*(a*)*b$';
  await put('regex', { kind: 'state', schema: { type: 'string', pattern, examples: ['b'] } });
  const began = performance.now();
  expect((await publish('slow', new Array(100_000).fill(1))).status).toBe(200);
  expect((await publish('regex', 'a'.repeat(200_000))).status).toBe(422);
  expect(performance.now() - began).toBeLessThan(5000);
});

/** Sends a path as it is: `fetch` would resolve the dots in it. */
function putRaw(escaped: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const path = `/api/topic-settings/${escaped}`;
    const request = httpRequest({ host: 'localhost', port: host.port, path, method: 'PUT' }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
    request.end('{"kind":"log"}');
  });
}

/** As a careless client writes it, where that can be written. */
function escapePath(pattern: string): string {
  try {
    return pattern.split('/').map(encodeURIComponent).join('/');
  } catch {
    return '%ED%A0%80';
  }
}
