import type { Transport } from '@tidewall/browser-contracts/transport';
import { type Client, createClient } from '@tidewall/client';
import { createPollTransport } from '@tidewall/gateways/poll/client';
import { createEventStreamTransport } from '@tidewall/gateways/sse/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';

/*
 * A thousand cuts of twenty clients over every transport while two hundred entries a second are published: each client ends
 * with every entry, once and in order.
 */

const CUTS = 1000;
const PUBLISH_EVERY_MS = 5;
const PATIENCE = { timeout: 60_000, interval: 20 };
const PUBLISHER = { id: 'test', roles: [] };
const TRANSPORTS: readonly (() => Transport)[] = [
  () => createWebSocketTransport(WebSocket),
  () => createEventStreamTransport(),
  () => createPollTransport(),
];

interface Viewer {
  readonly name: string;
  readonly proxy: TcpProxy;
  readonly client: Client;
  readonly entries: number[];
}

let host: TestHost;
const viewers: Viewer[] = [];

beforeAll(async () => {
  const topics = [{ pattern: 'kicks/#', kind: 'log', keep: { count: 100_000 } }];
  host = await startTestHost({ settings: { topics, limits: { lingerMs: 60_000 } } });
  for (let i = 0; i < 20; i++) {
    const transport = (TRANSPORTS[i % TRANSPORTS.length] as () => Transport)();
    const proxy = await TcpProxy.start(host.port);
    const url = `http://127.0.0.1:${proxy.port}/`;
    // The shortest of every wait.
    const client = createClient({ url, transports: [transport], random: () => 0 });
    const entries: number[] = [];
    client.watch('kicks/log', { kind: 'log', rewindCount: 100_000, keepCount: 10 }, ({ d, r }) => {
      if (d !== undefined) entries.push(...((r === 1 ? d : [d]) as number[]));
    });
    viewers.push({ name: `${transport.name} ${i}`, proxy, client, entries });
  }
});

afterAll(async () => {
  for (const { client } of viewers) client.close();
  for (const { proxy } of viewers) await proxy.close();
  await host.close();
});

test('a thousand cuts over every transport lose nothing and double nothing', { timeout: 240_000 }, async () => {
  let published = 0;
  const publishing: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    publishing.push(host.hub.publish(PUBLISHER, { topic: 'kicks/log', data: ++published }));
  }, PUBLISH_EVERY_MS);
  const live = ({ client }: Viewer) => vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
  const kick = async (viewer: Viewer) => {
    for (let cut = 0; cut < CUTS / viewers.length; cut++) {
      await live(viewer);
      const { accepted } = viewer.proxy;
      viewer.proxy.cut();
      viewer.proxy.heal();
      // The next one comes as soon as it is back, or in the middle of what it gets.
      await vi.waitFor(() => expect(viewer.proxy.accepted).toBeGreaterThan(accepted), PATIENCE);
      if (cut % 2 === 1) continue;
      const before = viewer.entries.length;
      await vi.waitFor(() => expect(viewer.entries.length).toBeGreaterThan(before), PATIENCE);
    }
    await live(viewer);
  };
  try {
    await Promise.all(viewers.map(kick));
  } finally {
    clearInterval(timer);
  }
  await Promise.all(publishing);
  // Long polling goes on with its session: a request is only made again.
  for (const { name, client } of viewers) {
    if (!name.startsWith('poll')) expect(client.counts.reconnects, name).toBeGreaterThan(CUTS / viewers.length / 2);
  }
  const all = Array.from({ length: published }, (_, i) => i + 1);
  for (const { name, entries } of viewers) {
    await vi.waitFor(() => expect(entries.length, name).toBeGreaterThanOrEqual(published), PATIENCE);
    expect(entries, name).toEqual(all);
  }
});
