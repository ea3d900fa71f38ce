import { request as httpRequest } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { JsonObject } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import type { ErrorBody } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const logged: string[] = [];
const write = (...words: unknown[]) => void logged.push(JSON.stringify(words));
const log: Log = { debug: write, info: write, warn: write, error: write };
const told: string[] = [];
let host: TestHost;

beforeAll(async () => {
  host = await startTestHost({ log });
});

afterAll(() => host.close());

async function ask(method: string, path: string, body?: JsonObject | string, headers: Record<string, string> = {}) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const answer = await fetch(`${host.url}/api/keys${path}`, {
    method,
    headers,
    ...(text !== undefined && { body: text }),
  });
  const json = (await answer.json()) as JsonObject & { error: ErrorBody };
  if (typeof json['secret'] === 'string') told.push(json['secret']);
  return { status: answer.status, cache: answer.headers.get('cache-control'), body: json };
}

test('a key is made, listed, rotated, disabled and deleted', async () => {
  const made = await ask('POST', '', { name: 'hall A', id: 'hall-a' });
  expect(made).toMatchObject({ status: 200, cache: 'no-store', body: { id: 'hall-a', name: 'hall A' } });
  const listed = (await ask('GET', '')).body;
  expect(listed).toEqual({ keys: [expect.objectContaining({ id: 'hall-a', disabled: false })] });
  const rotated = await ask('POST', '/hall-a/rotate', { overlapMs: 60_000 });
  expect(rotated.body['secrets']).toEqual([
    { createdAt: expect.any(Number) },
    { createdAt: expect.any(Number), until: expect.any(Number) },
  ]);
  expect((await ask('POST', '/hall-a/rotate', '')).body.error.name).toBe('conflict');
  expect((await ask('PATCH', '/hall-a', { disabled: true })).body).toMatchObject({ disabled: true });
  expect(await ask('DELETE', '/hall-a')).toMatchObject({ status: 200, body: {} });
  expect((await ask('DELETE', '/hall-a')).body.error.message).toBe('there is no key "hall-a"');
});

test('a secret is told by what makes it, and by nothing else', async () => {
  await ask('POST', '', { id: 'own', secret: 'wJ3p9rT0a8kLq2Zx' });
  const seen = [
    JSON.stringify((await ask('GET', '')).body),
    JSON.stringify((await ask('PATCH', '/own', { disabled: false })).body),
    JSON.stringify((await ask('POST', '', { id: 'own' })).body),
    await (await fetch(`${host.url}/metrics`)).text(),
    ...logged,
  ].join('\n');
  expect(told.length).toBeGreaterThan(2);
  for (const secret of told) expect(seen).not.toContain(secret);
});

test('what cannot be a key is refused with its place, and without its secret', async () => {
  for (const [body, path] of [
    [{ id: 'a b' }, 'id'],
    [{ id: '' }, 'id'],
    [{ secret: 'too short 7XqLd' }, 'secret'],
    [{ secret: 5 }, 'secret'],
    [{ name: 'x'.repeat(129) }, 'name'],
    [{ nmae: 'x' }, 'nmae'],
  ] as const) {
    const { status, body: answer } = await ask('POST', '', body);
    expect([status, answer.error.name, answer.error.detail]).toEqual([400, 'bad_request', { path }]);
    expect(answer.error.message).not.toContain('7XqLd');
  }
  expect((await ask('POST', '', '[]')).body.error.message).toBe('the body must be an object, like {}');
  expect((await ask('POST', '/nobody/rotate', { overlapMs: -1 })).status).toBe(400);
});

test('nobody who asks through a proxy is answered, and no page of another site', async () => {
  for (const header of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['DELETE', '/own'],
    ] as const) {
      const { status, body } = await ask(method, path, method === 'POST' ? {} : undefined, { [header]: '10.0.0.9' });
      expect([status, body.error.name]).toEqual([401, 'unauthenticated']);
    }
  }
  expect((await ask('POST', '', {}, { origin: 'http://evil.example' })).status).toBe(403);
});

const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

test.skipIf(address === undefined)('nobody on another machine is answered', async () => {
  const open = await startTestHost({ settings: { host: '0.0.0.0', access: 'open' } });
  try {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = httpRequest(
        { host: address, port: open.port, path: '/api/keys', localAddress: address },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      asked.on('error', reject).end();
    });
    expect(status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${open.port}/api/keys`)).status).toBe(200);
  } finally {
    await open.close();
  }
});

test('no page whose name was made to point here is answered, on a server that has no list of names', async () => {
  const open = await startTestHost({ settings: { host: '0.0.0.0', access: 'open' } });
  try {
    const asked = (name: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { host: `${name}:${open.port}`, origin: `http://${name}:${open.port}` };
        const options = { host: '127.0.0.1', port: open.port, path: '/api/keys', headers, agent: false };
        httpRequest(options, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await asked('evil.example')).toBe(401);
    expect(await asked('localhost')).toBe(200);
  } finally {
    await open.close();
  }
});
