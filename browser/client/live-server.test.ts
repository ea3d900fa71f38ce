import type { JsonValue } from '@tidewall/base';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import type { PushFrame } from '@tidewall/protocol';
import { startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.ts';
import type { Replica } from './replica.ts';

const PUBLISHER = { id: 'test', roles: [] };
const PATIENCE = { timeout: 15_000, interval: 10 };

let host: TestHost;
let proxy: TcpProxy;
let client: Client;

beforeEach(async () => {
  host = await startTestHost();
  proxy = await TcpProxy.start(host.port);
  client = createClient({
    url: `http://127.0.0.1:${proxy.port}/`,
    transports: [createWebSocketTransport(WebSocket)],
    // The shortest of every wait.
    random: () => 0,
  });
});

afterEach(async () => {
  client.close();
  await proxy.close();
  await host.close();
});

function publish(topic: string, kind: 'log' | 'state' | 'table' | 'series', data: JsonValue): Promise<unknown> {
  return host.hub.publish(PUBLISHER, { topic, kind, data });
}

/** Follows, and gives the replica once there is one. */
async function follow(topic: string, options = {}): Promise<Replica> {
  let replica: Replica | undefined;
  client.follow(topic, options, (one) => {
    replica = one as Replica;
  });
  return await vi.waitFor(() => {
    expect(replica).toBeDefined();
    return replica as Replica;
  }, PATIENCE);
}

describe('with a real server', () => {
  test('[C18] a link that is cut during 200 publications: the log is complete and in order, the state is the newest', async () => {
    await publish('wall/log', 'log', 0);
    await publish('wall/state', 'state', { n: 0 });
    await publish('wall/table', 'table', [{ id: 'a', n: 0 }]);
    await publish('wall/series', 'series', { t: 0, n: 0 });
    const log = await follow('wall/log', { rewindCount: 10 });
    const state = await follow('wall/state');
    const table = await follow('wall/table');
    const series = await follow('wall/series');
    for (let n = 1; n <= 200; n++) {
      await publish('wall/log', 'log', n);
      await publish('wall/state', 'state', { n });
      await publish('wall/table', 'table', [{ id: n % 2 ? 'a' : 'b', n }]);
      await publish('wall/series', 'series', { t: n, n });
      if (n === 40) proxy.cut();
      if (n === 160) await vi.waitFor(() => expect(client.status.type).toBe('waiting'), PATIENCE);
      if (n === 170) proxy.heal();
    }
    const all = Array.from({ length: 201 }, (_, n) => n);
    await vi.waitFor(() => expect(log.value()).toEqual(all), PATIENCE);
    await vi.waitFor(() => expect(state.value()).toEqual({ n: 200 }), PATIENCE);
    await vi.waitFor(
      () =>
        expect(table.value()).toEqual([
          { id: 'a', n: 199 },
          { id: 'b', n: 200 },
        ]),
      PATIENCE,
    );
    await vi.waitFor(() => expect(series.value()).toEqual({ t: all, n: all }), PATIENCE);
    expect(log).toMatchObject({ lost: 0, breaks: 0 });
    expect(client.status).toMatchObject({ type: 'live', recovered: true });
    expect(client.counts).toMatchObject({ reconnects: 1, resyncs: 0, duplicates: 0, failures: 0 });
  });

  test('[C18] a server that starts again: the break is told, and the snapshot of the new epoch takes over', async () => {
    await publish('wall/state', 'state', { n: 1 });
    const state = await follow('wall/state', { kind: 'state' });
    await vi.waitFor(() => expect(state.value()).toEqual({ n: 1 }), PATIENCE);
    const { port } = host;
    await host.close();
    await vi.waitFor(() => expect(client.status.type).not.toBe('live'), PATIENCE);
    expect(state.value()).toEqual({ n: 1 });
    host = await startTestHost({ settings: { port } });
    await publish('wall/state', 'state', { n: 2 });
    client.online();
    await vi.waitFor(() => expect(state.value()).toEqual({ n: 2 }), PATIENCE);
    expect(state.breaks).toBe(1);
    expect(client.status).toMatchObject({ type: 'live', recovered: false });
  });

  test('[C19] [C34] a server that starts again with nothing voids what is held, and keeps the kind', async () => {
    await publish('wall/state', 'state', { n: 1 });
    await publish('wall/series', 'series', { t: 1, n: 1 });
    const replicas = [await follow('wall/state'), await follow('wall/series')];
    await vi.waitFor(() => expect(replicas.every((one) => one.value() !== undefined)).toBe(true), PATIENCE);
    const { port } = host;
    await host.close();
    await vi.waitFor(() => expect(client.status.type).not.toBe('live'), PATIENCE);
    expect(replicas.every((one) => one.value() !== undefined)).toBe(true);
    host = await startTestHost({ settings: { port } });
    client.online();
    await vi.waitFor(() => expect(replicas.map((one) => one.value())).toEqual([undefined, undefined]), PATIENCE);
    await publish('wall/series', 'series', { t: 2, n: 2 });
    await vi.waitFor(() => expect(replicas[1]?.value()).toEqual({ t: [2], n: [2] }), PATIENCE);
  });

  test.each<['state' | 'log' | 'table' | 'series', JsonValue, JsonValue]>([
    ['state', 1, 1],
    ['log', 1, [1]],
    ['table', [{ id: 'a' }], [{ id: 'a' }]],
    ['series', { t: 1, n: 1 }, { t: [1], n: [1] }],
  ])(
    '[C18] [C34] a topic that was only looked at becomes a %s by its first publication, and nothing is missed',
    async (kind, data, value) => {
      const replica = await follow('wall/later');
      const heard: PushFrame[] = [];
      client.watch('wall/later', {}, (push) => heard.push(push));
      await publish('wall/later', kind, data);
      await vi.waitFor(() => expect(replica.value()).toEqual(value), PATIENCE);
      expect(heard.at(-1)).toMatchObject({ o: 1 });
      expect(replica).toMatchObject({ refused: undefined, breaks: 0, lost: 0 });
      expect(client.status).toMatchObject({ type: 'live', recovered: true });
    },
  );

  test('[C30] publishes and reads history through the wire, refusals with their names', async () => {
    const { epoch, offset } = await client.publish('wall/own', { t: 1 }, { kind: 'log' });
    expect(offset).toBe(1);
    expect(await client.history('wall/own')).toMatchObject({ epoch, offset: 1, kind: 'log', more: false });
    await expect(client.publish('wall/own', 1, { op: 'merge' })).rejects.toMatchObject({ kind: 'wrong_kind' });
    const refused = await follow('wall/own', { kind: 'state' });
    expect(refused.refused).toMatchObject({ name: 'wrong_kind' });
  });

  test('[C12] the clock of a server on the same machine is ours', async () => {
    await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
    expect(Math.abs(client.serverNow() - Date.now())).toBeLessThan(250);
  });

  test('[C14] a signal and freshness arrive', async () => {
    const heard: JsonValue[] = [];
    client.watch('wall/bell', { kind: 'signal' }, (push) => heard.push(push.d ?? null));
    await follow('wall/bell', { kind: 'signal' });
    await host.hub.publish(PUBLISHER, { topic: 'wall/bell', kind: 'signal', data: 'ring' });
    await vi.waitFor(() => expect(heard).toEqual(['ring']), PATIENCE);
  });

  test('[C15] more topics than a server takes commands at once are all subscribed, and none is refused', async () => {
    const replicas = await Promise.all(
      Array.from({ length: 130 }, (_, i) => follow(`wall/many/${i}`, { kind: 'state' })),
    );
    expect(replicas.filter((replica) => replica.refused !== undefined)).toEqual([]);
    expect(client.counts.reconnects).toBe(0);
  });

  test('[C41] a position that was saved goes on in another client, without a gap or a repeat; a void one says so', async () => {
    for (let n = 1; n <= 3; n++) await publish('wall/log', 'log', n);
    const first = await follow('wall/log', { rewindCount: 10, kind: 'log' });
    await vi.waitFor(() => expect(first.value()).toEqual([1, 2, 3]), PATIENCE);
    const saved = first.position;
    client.close();
    for (let n = 4; n <= 5; n++) await publish('wall/log', 'log', n);
    const open = () =>
      createClient({ url: host.url, transports: [createWebSocketTransport(WebSocket)], random: () => 0 });
    client = open();
    const second = await follow('wall/log', { since: saved, kind: 'log' });
    await publish('wall/log', 'log', 6);
    await vi.waitFor(() => expect(second.value()).toEqual([4, 5, 6]), PATIENCE);
    expect([second.lost, second.position]).toEqual([0, { epoch: saved?.epoch, offset: 6 }]);
    client.close();
    client = open();
    const third = await follow('wall/log', { since: { epoch: 'another', offset: 2 }, kind: 'log' });
    await vi.waitFor(() => expect(client.status).toMatchObject({ type: 'live', recovered: false }), PATIENCE);
    await publish('wall/log', 'log', 7);
    await vi.waitFor(() => expect(third.value()).toEqual([7]), PATIENCE);
  });
});
