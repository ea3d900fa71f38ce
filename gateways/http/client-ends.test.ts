import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Transport } from '@tidewall/browser-contracts/transport';
import { type Client, createClient } from '@tidewall/client';
import { startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import { build } from 'vite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createPollTransport } from '../poll/client.ts';
import { createEventStreamTransport } from '../sse/client.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };
const BUDGET_BYTES = 1536;

const open: { host?: TestHost; proxy?: TcpProxy; client?: Client; server?: Server } = {};

afterEach(async () => {
  open.client?.close();
  await open.proxy?.close();
  await open.host?.close();
  open.server?.closeAllConnections();
  open.server?.close();
  for (const key of Object.keys(open)) delete open[key as keyof typeof open];
});

describe.each([
  ['sse', createEventStreamTransport],
  ['poll', createPollTransport],
] as const)('the client end of %s', (name, create) => {
  async function linked(settings = {}): Promise<{ host: TestHost; proxy: TcpProxy; client: Client }> {
    const host = await startTestHost({ settings });
    const proxy = await TcpProxy.start(host.port);
    const url = `http://127.0.0.1:${proxy.port}/`;
    const client = createClient({ url, transports: [create()], random: () => 0 });
    Object.assign(open, { host, proxy, client });
    await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
    return { host, proxy, client };
  }

  test('commands are answered and pushes come, as over any transport', async () => {
    const { client } = await linked();
    const got: unknown[] = [];
    client.watch('a', { kind: 'log', rewindCount: 100 }, ({ d }) => got.push(d));
    await Promise.all(Array.from({ length: 50 }, (_, i) => client.publish('a', i, { kind: 'log' })));
    await vi.waitFor(() => expect(got).toHaveLength(50), PATIENCE);
    expect(got).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const large = '潮'.repeat(60_000);
    await client.publish('a', large);
    await vi.waitFor(() => expect(got.at(-1)).toBe(large), PATIENCE);
    await expect(client.publish('a', 1, { op: 'merge' })).rejects.toMatchObject({ kind: 'wrong_kind' });
    expect((await client.history('a')).entries).toHaveLength(51);
  });

  test('a session that is closed is gone at the server', async () => {
    const { host, client } = await linked();
    client.follow('a', {}, () => {});
    const watchers = () => host.hub.topics({ id: 'x', roles: [] })[0]?.watchers ?? 0;
    await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
    client.close();
    await vi.waitFor(() => expect(watchers()).toBe(0), { timeout: 5000, interval: 10 });
  });

  test('a server that stops tells when to come back, and the client does', async () => {
    const { host, client } = await linked();
    const { port } = host;
    await host.close();
    await vi.waitFor(() => expect(client.status).toMatchObject({ type: 'waiting' }), PATIENCE);
    open.host = await startTestHost({ settings: { port } });
    await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
  });

  test.each([
    ['a page in place of the wire', 200, 'text/html', '<html>sign in</html>\n\n'],
    ['a status that says nothing', 502, 'text/plain', 'bad gateway'],
    ['half of what was asked for', 200, 'application/json', '{"session":'],
    ['an event that is no session', 200, 'text/event-stream', 'event: session\ndata: {nonsense\n\n'],
  ])('%s is a link that could not be opened', async (_title, status, type, body) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    open.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ends: number[] = [];
    const transport: Transport = create();
    transport.open(`http://127.0.0.1:${port}`, {
      opened: () => {},
      received: () => {},
      closed: (code) => ends.push(code),
    });
    await vi.waitFor(() => expect(ends).toEqual([1006]), PATIENCE);
  });

  test('closed before the server has answered, it asks for nothing any more', async () => {
    const asked: AbortSignal[] = [];
    const never = (_url: string, { signal }: { signal: AbortSignal }) => {
      asked.push(signal);
      return new Promise<Response>(() => {});
    };
    const ends: [number, string][] = [];
    const link = create({ fetch: never as typeof fetch }).open('http://hall:7070/', {
      opened: () => {},
      received: () => {},
      closed: (code, reason) => ends.push([code, reason]),
    });
    link.close(1000, 'gave up');
    expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
    expect(ends).toEqual([[1000, 'gave up']]);
  });

  test('an address that is none is a mistake of the caller', () => {
    const events = { opened: () => {}, received: () => {}, closed: () => {} };
    expect(() => create().open('hall:7070', events)).toThrow('url must be an http(s) address, got "hall:7070"');
  });

  test('is small', { timeout: 60_000 }, async () => {
    const built = await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        minify: true,
        modulePreload: false,
        rolldownOptions: {
          input: fileURLToPath(new URL(`../${name}/client.ts`, import.meta.url)),
          preserveEntrySignatures: 'strict',
        },
      },
    });
    const outputs = [built].flat().flatMap((result) => ('output' in result ? result.output : []));
    const code = outputs.flatMap((chunk) => (chunk.type === 'chunk' ? [chunk.code] : []));
    const bytes = code.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
    expect(bytes).toBeGreaterThan(500);
    expect(bytes, `${bytes} bytes compressed`).toBeLessThanOrEqual(BUDGET_BYTES);
  });
});

test('[W53] requests that break on the way are made again, and the session goes on', { timeout: 60_000 }, async () => {
  const host = await startTestHost();
  const proxy = await TcpProxy.start(host.port);
  const client = createClient({ url: `http://127.0.0.1:${proxy.port}`, transports: [createPollTransport()] });
  Object.assign(open, { host, proxy, client });
  await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
  const got: unknown[] = [];
  client.watch('a', { kind: 'log', rewindCount: 100 }, ({ d }) => got.push(d));
  for (let i = 0; i < 10; i++) {
    const published = client.publish('a', i, { kind: 'log' });
    proxy.cut();
    proxy.heal();
    await published;
  }
  await vi.waitFor(() => expect(got).toEqual(Array.from({ length: 10 }, (_, i) => i)), PATIENCE);
  expect(client.counts.reconnects).toBe(0);
});
