import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { signRequest } from '@tidewall/auth';
import type { JsonObject } from '@tidewall/base';
import type { Principal } from '@tidewall/contracts';
import { signConnect } from '@tidewall/gateways/native';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readLocalToken } from '../local-token.ts';

/* A closed server, and what is let in by its keys. */

const ADMIN: Principal = { id: 'admin', roles: ['admin'] };
const ORIGIN = 'https://wall.example';
let host: TestHost;
let local: string;

beforeAll(async () => {
  const settings = {
    access: 'closed',
    allowedOrigins: [ORIGIN],
    http: { bodyBytes: 4096 },
    rules: [
      { topics: '#', roles: ['viewer'], may: ['read', 'history', 'presence'] },
      { topics: '#', roles: ['publisher'], may: ['publish'] },
      { keys: '#', roles: ['keeper'], may: ['see', 'edit'] },
      { files: '#', roles: ['keeper'], may: ['see', 'edit'] },
    ],
  };
  host = await startTestHost({ settings });
  local = `local:${(await readLocalToken(host.dataDir))?.token}`;
});

afterAll(() => host.close());

interface Key {
  readonly id: string;
  readonly secret: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly error: Partial<ErrorBody>;
}

async function ask(method: string, path: string, authorization?: string, body?: string, more = {}): Promise<Answer> {
  const response = await fetch(`${host.url}${path}`, {
    method,
    headers: { ...(authorization !== undefined && { authorization }), ...more },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const error = text.startsWith('{"error":{') ? (JSON.parse(text) as { error: ErrorBody }).error : {};
  return { status: response.status, headers: response.headers, text, error };
}

async function make(key: JsonObject = {}): Promise<Key> {
  const { text, status } = await ask('POST', '/api/keys', `Bearer ${local}`, JSON.stringify(key));
  expect([status, text]).toEqual([200, expect.any(String)]);
  return JSON.parse(text) as Key;
}

const change = (id: string, what: JsonObject) =>
  ask('PATCH', `/api/keys/${id}`, `Bearer ${local}`, JSON.stringify(what));
const bearer = ({ id, secret }: Key) => `Bearer ${id}:${secret}`;
const basic = ({ id, secret }: Key) => `Basic ${btoa(`${id}:${secret}`)}`;

let nonces = 0;
function sign({ id, secret }: Key, method: string, target: string, body: string | Uint8Array): string {
  const fields = { timestamp: Math.floor(Date.now() / 1000), nonce: `nonce-of-${nonces++}`, body };
  return signRequest({ keyId: id, secret }, { method, target }, fields);
}

const held = async (topic: string) => (await host.hub.snapshot(ADMIN, topic).catch(() => ({ json: undefined }))).json;

describe('a key that is shown', () => {
  test('publishes and reads, as bearer, user and password, or token', async () => {
    const key = await make();
    expect((await ask('POST', '/api/topics/a', basic(key), '1')).status).toBe(200);
    expect((await ask('POST', '/api/topics/a', bearer(key), '2')).status).toBe(200);
    expect((await ask('GET', '/api/topics/a', basic(key))).text).toContain('"data":2');
    const token = `Token ${key.id}:${key.secret}`;
    const written = await ask('POST', '/api/ingest/influx/api/v2/write?precision=ms', token, `cpu v=1 ${Date.now()}\n`);
    expect(written.status).toBe(204);
  });

  test('may do what its own rules say and no more', async () => {
    const key = await make({ rules: [{ topics: 'sales/#', may: ['publish'] }] });
    expect((await ask('POST', '/api/topics/sales/sh', bearer(key), '1')).status).toBe(200);
    expect((await ask('POST', '/api/topics/other', bearer(key), '1')).error.name).toBe('permission_denied');
    expect((await ask('GET', '/api/topics/sales/sh', bearer(key))).error.name).toBe('permission_denied');
  });

  test('[A2] is refused alike whatever is wrong with it, with how one may be let in', async () => {
    const key = await make();
    const disabled = await make();
    await change(disabled.id, { disabled: true });
    const others = [{ ...key, secret: 'x' }, { ...key, id: 'nobody' }, disabled];
    const answers = await Promise.all(others.map((one) => ask('POST', '/api/topics/b', basic(one), '1')));
    for (const { status, text, headers } of answers) {
      expect([status, text]).toEqual([401, answers[0]?.text]);
      expect(headers.get('www-authenticate')).toBe('Bearer realm="tidewall", Tidewall-HMAC realm="tidewall"');
    }
    const nobody = await ask('GET', '/api/keys');
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer/)]);
    expect(await held('b')).toBeUndefined();
  });

  test('only signs when it was said so, or when its pair was taken over', async () => {
    for (const key of [await make({ bearer: false }), await make({ id: 'AKID7', secret: 'wJ3p9rT0a8kLq2Zx' })]) {
      expect((await ask('GET', '/api/topics', bearer(key))).error.message).toContain('only signs');
      expect((await ask('GET', '/api/topics', sign(key, 'GET', '/api/topics', ''))).status).toBe(200);
      await change(key.id, { bearer: true });
      expect((await ask('GET', '/api/topics', bearer(key))).status).toBe(200);
    }
  });

  test('is shown by pages of listed origins', async () => {
    const asked = { origin: ORIGIN, 'access-control-request-method': 'POST' };
    const { headers } = await ask('OPTIONS', '/api/topics/a', undefined, undefined, asked);
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
    const foreign = await ask('OPTIONS', '/api/topics/a', undefined, undefined, {
      ...asked,
      origin: 'https://x.example',
    });
    expect(foreign.headers.get('access-control-allow-headers')).toBeNull();
  });

  test('tells when it was used last', async () => {
    const key = await make();
    const before = Date.now();
    await ask('GET', '/api/topics', basic(key));
    const { keys } = JSON.parse((await ask('GET', '/api/keys', `Bearer ${local}`)).text) as { keys: JsonObject[] };
    expect(keys.find(({ id }) => id === key.id)?.['lastUsedAt']).toBeGreaterThanOrEqual(before);
  });
});

describe('[A1] a request that is signed', () => {
  test('is carried out once', async () => {
    const key = await make({ bearer: false });
    const signed = sign(key, 'POST', '/api/topics/c?op=merge', '{"v":1}');
    expect((await ask('POST', '/api/topics/c?op=merge', signed, '{"v":1}')).status).toBe(200);
    const again = await ask('POST', '/api/topics/c?op=merge', signed, '{"v":1}');
    expect([again.status, again.error.message]).toEqual([401, 'the nonce was used before; sign with another']);
    expect(await held('c')).toBe('{"v":1}');
  });

  const screen = '/api/screens/hall/variables';
  test.each([
    ['one publication', 'POST', '/api/topics/d', '{"v":1}', '{"v":2}'],
    ['many', 'POST', '/api/publish', '{"topic":"d","data":1}\n', '{"topic":"d","data":2}\n'],
    [
      'many, with one line more',
      'POST',
      '/api/publish',
      '{"topic":"d","data":1}\n',
      '{"topic":"d","data":1}\n{"topic":"d","data":2}\n',
    ],
    ['what tools send', 'POST', '/api/ingest/influx', 'd v=1\n', 'd v=2\n'],
    ['a screen', 'PATCH', screen, '{}', '{"a":1}'],
    ['none', 'POST', '/api/topics/d', '{"v":1}', ''],
    ['something where there was nothing', 'POST', '/api/topics/d', '', '1'],
  ])('with another body does nothing: %s', async (_, method, target, body, sent) => {
    const key = await make();
    const topics = async () => JSON.stringify(await host.hub.topics(ADMIN).map(({ topic }) => topic));
    const before = await topics();
    const answer = await ask(method, target, sign(key, method, target, body), sent);
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('not the one that was signed')]);
    expect(answer.headers.get('www-authenticate')).toContain('Tidewall-HMAC');
    expect(await topics()).toBe(before);
  });

  test('publishes a line each, and what tools send, with the body that was signed', async () => {
    const key = await make();
    const lines = '{"topic":"e/1","data":1}\n{"topic":"e/2","data":2}\n';
    const many = await ask('POST', '/api/publish', sign(key, 'POST', '/api/publish', lines), lines);
    expect([many.status, many.text.split('\n')]).toEqual([200, [expect.any(String), expect.any(String), '']]);
    expect([await held('e/1'), await held('e/2')]).toEqual(['1', '2']);
    const line = `e v=1 ${Date.now()}000000\n`;
    const written = await ask('POST', '/api/ingest/influx', sign(key, 'POST', '/api/ingest/influx', line), line);
    expect(written.status).toBe(204);
    const long = `${JSON.stringify({ topic: 'e/3', data: 'x'.repeat(5000) })}\n`;
    const refused = await ask('POST', '/api/publish', sign(key, 'POST', '/api/publish', long), long);
    expect([refused.status, await held('e/3')]).toEqual([413, undefined]);
  });

  test('that brings a packed body has signed it as it is sent', async () => {
    const key = await make();
    const target = '/api/ingest/influx?precision=ms';
    const body = gzipSync(`packed v=1 ${Date.now()}\n`);
    const headers = { authorization: sign(key, 'POST', target, body), 'content-encoding': 'gzip' };
    expect((await fetch(`${host.url}${target}`, { method: 'POST', headers, body })).status).toBe(204);
    expect(await held('ingest/influx/packed/-')).toContain('"v":[1]');
  });

  test('is of no use for another address, nor with another method', async () => {
    const key = await make();
    const signed = () => sign(key, 'POST', '/api/topics/f', '1');
    for (const [method, target] of [
      ['POST', '/api/topics/g'],
      ['POST', '/api/topics/f?op=merge'],
      ['POST', '/api/topics/%66'],
      ['DELETE', '/api/topics/f'],
    ] as const) {
      const { status, error } = await ask(method, target, signed(), method === 'POST' ? '1' : undefined);
      expect([status, error.message]).toEqual([401, 'the signature is wrong']);
    }
    expect([await held('f'), await held('g')]).toEqual([undefined, undefined]);
  });

  test('with a body is refused by those who read bodies by themselves', async () => {
    const key = await make();
    const body = '{"id":1,"connect":{"version":1}}';
    const followed = await ask('POST', '/poll', sign(key, 'POST', '/poll', body), body);
    expect(followed.text).toContain('a request with a body is signed for /api/… alone');
    const opened = await fetch(`${host.url}/sse?topic=a`, {
      headers: { authorization: sign(key, 'GET', '/sse?topic=a', '') },
    });
    expect(opened.status).toBe(200);
    await opened.body?.cancel();
  });
});

describe('[A5] who is connected by a key', () => {
  /** A session that is open, and how it will end. */
  async function connected(connect: object) {
    const socket = new WebSocket(`${host.url.replace('http', 'ws')}/ws`);
    const ended = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise<void>((resolve, reject) => {
      socket.on('message', () => resolve()).on('error', reject);
      socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
      socket.on('open', () => socket.send(JSON.stringify({ id: 1, connect: { version: 1, ...connect } })));
    });
    return { ended };
  }
  const token = ({ id, secret }: Key) => connected({ token: `${id}:${secret}` });
  const signed = ({ id, secret }: Key) => {
    const fields = { timestamp: Math.floor(Date.now() / 1000), nonce: `nonce-of-${nonces++}` };
    return connected({ key: signConnect({ keyId: id, secret }, fields) });
  };

  test.each([
    ['is deleted', [4503, 4503], ({ id }: Key) => ask('DELETE', `/api/keys/${id}`, `Bearer ${local}`)],
    ['is disabled', [4503, 4503], ({ id }: Key) => change(id, { disabled: true })],
    ['may do something else', [4005, 4005], ({ id }: Key) => change(id, { roles: ['viewer'] })],
    [
      'has another secret',
      [4005, 4005],
      ({ id }: Key) => ask('POST', `/api/keys/${id}/rotate`, `Bearer ${local}`, '{"overlapMs":0}'),
    ],
  ])('is out within about a second when it %s', async (_, codes, act) => {
    const key = await make();
    const sessions = [await token(key), await signed(key)];
    const began = performance.now();
    expect((await act(key)).status).toBe(200);
    expect(await Promise.all(sessions.map(({ ended }) => ended))).toEqual(codes);
    expect(performance.now() - began).toBeLessThan(4000);
  });
});

test('[A5] who publishes line by line has published its last one when its key is deleted', async () => {
  const key = await make();
  let send: (line: string) => void = () => {};
  let end = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (line) => controller.enqueue(Buffer.from(`${line}\n`));
      end = () => controller.close();
    },
  });
  send('{"topic":"g/1","data":1}');
  const options = { method: 'POST', headers: { authorization: bearer(key) }, body, duplex: 'half' };
  const answer = await fetch(`${host.url}/api/publish`, options as RequestInit);
  await ask('DELETE', `/api/keys/${key.id}`, `Bearer ${local}`);
  send('{"topic":"g/2","data":2}');
  end();
  const lines = (await answer.text()).trim().split('\n');
  expect(lines).toEqual([expect.stringContaining('"offset":1'), expect.stringContaining('"unauthenticated"')]);
  expect(await held('g/2')).toBeUndefined();
});

describe('who may edit keys but not users', () => {
  test('gives no more than it has', async () => {
    const keeper = bearer(await make({ roles: ['keeper'] }));
    const give = (what: JsonObject) => ask('POST', '/api/keys', keeper, JSON.stringify(what));
    expect((await give({ roles: ['viewer', 'publisher', 'keeper'] })).status).toBe(200);
    expect((await give({ rules: [{ topics: 'a/#', may: ['read'] }] })).status).toBe(200);
    for (const rights of [
      { roles: ['admin'] },
      { roles: ['designer'] },
      { rules: [{ users: '#', may: ['edit'] }] },
      { rules: [{ sources: '#', may: ['edit'] }] },
    ]) {
      expect((await give(rights)).error.name).toBe('permission_denied');
      const { id } = await make(rights);
      const path = `/api/keys/${id}`;
      for (const [method, at, body] of [
        ['POST', `${path}/rotate`, '{}'],
        ['PATCH', path, '{"bearer":true}'],
        ['PATCH', path, '{"disabled":false}'],
      ] as const) {
        expect((await ask(method, at, keeper, body)).error.name).toBe('permission_denied');
      }
      expect((await ask('PATCH', path, keeper, '{"disabled":true}')).status).toBe(200);
      expect((await ask('DELETE', path, keeper)).status).toBe(200);
    }
  });
});

test('a file that is signed is taken as a whole', async () => {
  const key = await make({ roles: ['keeper'] });
  const body = `id\n${createHash('sha256').update('a').digest('hex')}\n`;
  const target = '/api/files/a.csv';
  expect((await ask('PUT', target, sign(key, 'PUT', target, body), `${body}x`)).status).toBe(401);
  expect((await ask('GET', '/api/files', bearer(key))).text).not.toContain('a.csv');
  expect((await ask('PUT', target, sign(key, 'PUT', target, body), body)).status).toBe(200);
});
