import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ConfigError, StartError } from './startup-errors.ts';

let folder: string;
let hosts: TestHost[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-start-'));
  hosts = [];
});

afterEach(async () => {
  for (const host of hosts) await host.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(...args: Parameters<typeof startTestHost>): Promise<TestHost> {
  const host = await startTestHost(...args);
  hosts.push(host);
  return host;
}

async function failureOf(...args: Parameters<typeof startTestHost>): Promise<unknown> {
  return start(...args).then(
    () => undefined,
    (failure: unknown) => failure,
  );
}

async function connect(host: TestHost): Promise<{ socket: WebSocket; frames: Record<string, unknown>[] }> {
  const socket = new WebSocket(`ws://localhost:${host.port}/ws`, 'tidewall.v1.json');
  const frames: Record<string, unknown>[] = [];
  socket.on('message', (data) => {
    for (const line of data.toString().split('\n')) frames.push(JSON.parse(line) as Record<string, unknown>);
  });
  await once(socket, 'open');
  socket.send('{"id":1,"connect":{"version":1}}');
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  return { socket, frames };
}

async function occupy(address: string, port = 0): Promise<Server> {
  const server = createServer();
  server.listen(port, address);
  await once(server, 'listening');
  return server;
}

test('both addresses of localhost lead to it', async () => {
  const { port } = await start();
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200);
});

test('a taken port is one line that says what to do', async () => {
  const other = await occupy('127.0.0.1');
  const { port } = other.address() as AddressInfo;
  try {
    const failure = await failureOf({ settings: { port } });
    expect(failure).toBeInstanceOf(StartError);
    expect(failure).toMatchObject({
      exitCode: 1,
      message: `port ${port} is taken by another program; use --port or TIDEWALL_PORT`,
    });
  } finally {
    other.close();
  }
});

test('an address of another machine is one line too', async () => {
  expect(await failureOf({ settings: { host: '203.0.113.7' } })).toMatchObject({
    message: '203.0.113.7 is not an address of this machine; use --host or TIDEWALL_HOST',
  });
});

test('a data folder that cannot be made is one line too', async () => {
  await writeFile(join(folder, 'file'), '');
  expect(await failureOf({ settings: { dataDir: join(folder, 'file', 'data') } })).toMatchObject({
    name: 'StartError',
    message: expect.stringContaining('use --data-dir or TIDEWALL_DATA_DIR'),
  });
});

test("a source's own schema refuses its settings by name, with where they are", async () => {
  const failure = await failureOf({
    settings: {
      sources: {
        a: { kind: 'generatr', shape: 'shop' },
        b: { kind: 'host', everyMs: 5 },
        c: { kind: 'host', evryMs: 1000 },
        d: { kind: 'csv' },
      },
    },
  });
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).message.split('\n')).toEqual([
    'sources.a.kind "generatr" is not a kind of source; did you mean "generator"? (in tidewall.yaml)',
    'sources.b.everyMs must be at least 250, got 5 (in tidewall.yaml)',
    'sources.c.evryMs is unknown; did you mean "everyMs"? (in tidewall.yaml)',
    'sources.d.path must be given, or url: one of the two (in tidewall.yaml)',
  ]);
});

test('two sources of one topic are refused, and nothing is left running', async () => {
  await writeFile(join(folder, 'a.csv'), 'x,y\n1,2\n');
  const source = { kind: 'csv', path: join(folder, 'a.csv'), topic: 'same' };
  const failure = await failureOf({ settings: { sources: { one: source, two: source } } });
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).message).toMatch(
    /^sources\.two: same is fed by the source "one" already \(in tidewall/,
  );
});

test('a configured source feeds its topics while somebody watches, and its state is listed', async () => {
  await writeFile(join(folder, 'stock.csv'), 'product,stock\ntea,3\n');
  const host = await start({
    settings: {
      sources: { stock: { kind: 'csv', path: join(folder, 'stock.csv'), topic: 'shop/stock', keyField: 'product' } },
    },
  });
  const states = async () => (await (await fetch(`${host.url}/api/sources`)).json()) as { sources: object[] };
  expect((await states()).sources).toEqual([expect.objectContaining({ name: 'stock', kind: 'csv', state: 'idle' })]);
  const { socket, frames } = await connect(host);
  socket.send('{"id":2,"subscribe":{"topic":"shop/stock"}}');
  await vi.waitFor(() => expect(JSON.stringify(frames)).toContain('"tea"'), { timeout: 10_000 });
  expect((await states()).sources).toEqual([expect.objectContaining({ name: 'stock', state: 'ok' })]);
  const refused = await fetch(`${host.url}/api/topics/shop/stock`, { method: 'POST', body: '[]' });
  expect(refused.status).toBe(403);
  socket.terminate();
});

test('what is pushed over HTTP comes out of a WebSocket', async () => {
  const host = await start();
  const { socket, frames } = await connect(host);
  socket.send('{"id":2,"subscribe":{"topic":"demo/answer"}}');
  await vi.waitFor(() => expect(frames.some(({ id }) => id === 2)).toBe(true));
  await fetch(`${host.url}/api/topics/demo/answer`, { method: 'POST', body: '{"value": 42}' });
  await vi.waitFor(() => expect(frames).toContainEqual(expect.objectContaining({ o: 1, d: { value: 42 } })));
  socket.terminate();
});

test('stopping says goodbye with a window to come back in, and is quick', async () => {
  const host = await start();
  const { socket, frames } = await connect(host);
  const closed = once(socket, 'close') as Promise<[code: number]>;
  const began = performance.now();
  const [[code]] = await Promise.all([closed, host.close()]);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(code).toBe(4001);
  expect(frames.at(-1)).toMatchObject({ bye: { code: 4001, afterMs: [expect.any(Number), expect.any(Number)] } });
  await expect(fetch(`${host.url}/healthz`)).rejects.toThrow();
});

test('stopping does not wait for a request without end, nor for a reader that is stuck', async () => {
  const host = await start();
  const { socket } = await connect(host);
  socket.pause();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"topic":"a","data":1}\n')),
  });
  const endless = fetch(`${host.url}/api/publish`, { method: 'POST', body, duplex: 'half' } as RequestInit).catch(
    () => undefined,
  );
  await vi.waitFor(async () => expect((await fetch(`${host.url}/api/topics/a`)).status).toBe(200));
  const began = performance.now();
  await host.close();
  expect(performance.now() - began).toBeLessThan(5000);
  socket.terminate();
  await endless;
});

test('closing twice is closing once', async () => {
  const host = await start();
  await Promise.all([host.close(), host.close()]);
});
