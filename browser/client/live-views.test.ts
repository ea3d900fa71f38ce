import type { JsonValue } from '@tidewall/base';
import type { FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import type { PushFrame, TopicKind } from '@tidewall/protocol';
import { startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.ts';

const PUBLISHER = { id: 'test', roles: [] };
const PATIENCE = { timeout: 15_000, interval: 10 };
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

let host: TestHost;
let proxy: TcpProxy;
let client: Client;
const others: Client[] = [];

function connect(name?: string): Client {
  return createClient({
    url: `http://127.0.0.1:${proxy.port}/`,
    transports: [createWebSocketTransport(WebSocket)],
    // The shortest of every wait.
    random: () => 0,
    ...(name === undefined ? {} : { name }),
  });
}

beforeEach(async () => {
  host = await startTestHost();
  proxy = await TcpProxy.start(host.port);
  client = connect();
});

afterEach(async () => {
  client.close();
  for (const other of others.splice(0)) other.close();
  await proxy.close();
  await host.close();
});

function publish(topic: string, kind: TopicKind, data: JsonValue, op?: 'merge' | 'remove'): Promise<unknown> {
  return host.hub.publish(PUBLISHER, { topic, kind, data, ...(op === undefined ? {} : { op }) });
}

/** Follows, and keeps every replica by its topic and every push. */
function watch(topic: string, options: FollowOptions = {}) {
  const replicas = new Map<string, TopicReplica>();
  const pushes: PushFrame[] = [];
  const heard = client.watch(topic, options, (push) => pushes.push(push));
  const told = client.follow(topic, options, (replica) => replicas.set(replica.topic, replica));
  const configure = (change: { rateHz: number | undefined }) => {
    heard.configure(change);
    told.configure(change);
  };
  return { replicas, pushes, configure, value: (name = topic) => replicas.get(name)?.value() };
}

/** The link breaks, `meanwhile` happens, and it is back. */
async function cut(meanwhile: () => Promise<unknown>): Promise<void> {
  proxy.cut();
  await vi.waitFor(() => expect(client.status.type).not.toBe('live'), PATIENCE);
  await meanwhile();
  proxy.heal();
  client.online();
  await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
}

const untroubled = { resyncs: 0, duplicates: 0, failures: 0 };

describe('views of a real server', () => {
  test('[C16] filters, fields and deltas show the same before and after a break as to somebody who comes then', async () => {
    const rows = (n: number) => [
      { id: `a${n % 7}`, site: n % 3 ? 'sh' : 'bj', v: n, more: 'x' },
      { id: `b${n % 5}`, site: n % 2 ? 'sh' : 'bj', v: n, more: 'y' },
    ];
    const value = (n: number) => ({ v: n, [`k${n % 4}`]: n % 3 ? n : null, deep: { a: n % 2 } });
    await publish('v/table', 'table', rows(0));
    await publish('v/log', 'log', { n: 0, even: true });
    await publish('v/series', 'series', { t: 0, a: 0, b: 0 });
    await publish('v/state', 'state', value(0));
    const options: Record<string, FollowOptions[]> = {
      'v/table': [
        {},
        { delta: true },
        { filter: ['site', 'eq', 'sh'] },
        { filter: ['site', 'eq', 'sh'], delta: true, fields: ['id', 'v'] },
      ],
      'v/log': [{ rewindCount: 1_000 }, { rewindCount: 1_000, filter: ['even', 'eq', true], fields: ['n'] }],
      'v/series': [{}, { fields: ['a'] }, { filter: ['a', 'gt', 50] }],
      'v/state': [{}, { delta: true }, { fields: ['v', 'deep'], delta: true }, { rateHz: 20, delta: true }],
    };
    const followed = Object.entries(options).flatMap(([topic, list]) =>
      list.map((one) => ({ topic, options: one, ...watch(topic, one) })),
    );
    const step = async (n: number) => {
      await publish('v/table', 'table', rows(n));
      if (n % 4 === 0) await publish('v/table', 'table', [`a${n % 7}`], 'remove');
      await publish('v/log', 'log', { n, even: n % 2 === 0 });
      await publish('v/series', 'series', { t: n, a: n, b: -n });
      await publish('v/state', 'state', value(n), n % 9 ? 'merge' : undefined);
    };
    for (const n of numbers(1, 60)) await step(n);
    await cut(async () => {
      for (const n of numbers(61, 90)) await step(n);
    });
    for (const n of numbers(91, 150)) await step(n);
    // Who comes now is shown what is true.
    const late = connect();
    others.push(late);
    for (const { topic, options: one, value: held } of followed) {
      const fresh = await new Promise<TopicReplica>((resolve) => {
        late.follow(topic, one, (replica) => replica.value() !== undefined && resolve(replica));
      });
      await vi.waitFor(() => expect(held(), JSON.stringify([topic, one])).toEqual(fresh.value()), PATIENCE);
    }
    expect(client.counts).toMatchObject(untroubled);
    expect(client.status).toMatchObject({ recovered: true });
  });

  test('[C35] a rate thins what is sent and loses nothing, and the last is always sent', async () => {
    const kinds = ['state', 'table', 'series', 'log'] as const;
    const all = kinds.map((kind) => watch(`r/${kind}`, { kind, rewindCount: 1_000 }));
    const held = () => all.map(({ value }, i) => value(`r/${kinds[i]}`));
    const mark = watch('r/mark', { kind: 'state' });
    let last = 0;
    /** One more of each, and as long as a client that is not slowed down needs to hear of it. */
    const step = async () => {
      last++;
      await publish('r/state', 'state', { n: last });
      await publish('r/table', 'table', [{ id: last % 10, n: last }]);
      await publish('r/series', 'series', { t: last, n: last });
      await publish('r/log', 'log', last);
      await publish('r/mark', 'state', last);
      await vi.waitFor(() => expect(mark.value()).toBe(last), { ...PATIENCE, interval: 1 });
    };
    await step();
    await vi.waitFor(() => expect(held()).not.toContain(undefined), PATIENCE);
    for (const { configure } of all) configure({ rateHz: 2 });
    // Carried out before this is answered.
    await client.history('r/mark');
    const before = all.map(({ pushes }) => pushes.length);
    const beganMs = performance.now();
    while (performance.now() - beganMs < 1_200) await step();
    const most = 2 + Math.ceil(((performance.now() - beganMs) / 1_000) * 2);
    const [state = 0, table = 0, series = 0] = all.map(({ pushes }, i) => pushes.length - (before[i] ?? 0));
    expect(last).toBeGreaterThan(3 * most);
    expect(Math.max(state, table, series)).toBeLessThanOrEqual(most);
    const whole = () => [{ n: last }, new Set(numbers(last - 9, last)), numbers(1, last), numbers(1, last)];
    const shown = () => {
      const [value, rows, columns, entries] = held() as [JsonValue, { n: number }[], { n: number[] }, number[]];
      return [value, new Set(rows.map(({ n }) => n)), columns.n, entries];
    };
    await vi.waitFor(() => expect(shown()).toEqual(whole()), PATIENCE);
    for (const { configure } of all) configure({ rateHz: undefined });
    await step();
    await vi.waitFor(() => expect(shown()).toEqual(whole()), PATIENCE);
    expect(client.counts).toMatchObject(untroubled);
  });

  test('[C37] a pattern finds what there is and what comes to be, and all of it goes on after a break', async () => {
    await publish('p/1/oee', 'state', { n: 1 });
    await publish('p/2/oee', 'log', 'a');
    await publish('q/1/oee', 'state', 'not this');
    const { replicas, value } = watch('p/+/oee');
    await vi.waitFor(() => expect(value('p/1/oee')).toEqual({ n: 1 }), PATIENCE);
    await publish('p/2/oee', 'log', 'b');
    await publish('p/3/oee', 'log', 'first');
    await vi.waitFor(() => expect([value('p/2/oee'), value('p/3/oee')]).toEqual([['b'], ['first']]), PATIENCE);
    await cut(async () => {
      await publish('p/1/oee', 'state', { n: 2 });
      await publish('p/2/oee', 'log', 'c');
      await publish('p/4/oee', 'table', [{ id: 1 }]);
    });
    await publish('p/3/oee', 'log', 'second');
    const expected: [string, JsonValue][] = [
      ['p/1/oee', { n: 2 }],
      ['p/2/oee', ['b', 'c']],
      ['p/3/oee', ['first', 'second']],
      ['p/4/oee', [{ id: 1 }]],
    ];
    await vi.waitFor(
      () => expect([...replicas].map(([topic]) => [topic, value(topic)]).sort()).toEqual(expected),
      PATIENCE,
    );
    expect(client.counts).toMatchObject(untroubled);
    expect(client.status).toMatchObject({ recovered: true });
  });

  test('[C39] a topic that is followed by its name too serves both, and goes on for one when the other leaves', async () => {
    await publish('s/a', 'log', 0);
    const pattern = watch('s/+', { rewindCount: 10 });
    await vi.waitFor(() => expect(pattern.value('s/a')).toEqual([0]), PATIENCE);
    const heard: JsonValue[] = [];
    const stop = client.watch('s/a', {}, (push) => heard.push(push.d ?? null));
    await vi.waitFor(async () => {
      await publish('s/a', 'log', 1);
      expect(heard).toContain(1);
    }, PATIENCE);
    stop();
    // The server has carried out what came before this command.
    await client.history('s/a');
    await publish('s/a', 'log', 2);
    await vi.waitFor(() => expect((pattern.value('s/a') as number[]).at(-1)).toBe(2), PATIENCE);
    expect(new Set(pattern.value('s/a') as number[])).toEqual(new Set([0, 1, 2]));
    expect(client.counts.resyncs).toBe(0);
  });

  test('[C36] options that are the same to the server become one subscription', async () => {
    await publish('m/log', 'log', 0);
    const plain = watch('m/log', { rewindCount: 5 });
    const fast = watch('m/log', { rateHz: 900, delta: true });
    await vi.waitFor(() => expect([plain.value(), fast.value()]).toEqual([[0], [0]]), PATIENCE);
    expect(client.counts.reconnects).toBe(0);
  });

  test('[C38] who follows a topic is told to those who ask, with their comings and goings', async () => {
    const { replicas } = watch('who', { presence: true });
    await vi.waitFor(() => expect(replicas.get('who')?.presence?.count).toBe(1), PATIENCE);
    const wall = connect('wall 2');
    others.push(wall);
    wall.follow('who', {}, () => {});
    await vi.waitFor(
      () => expect(replicas.get('who')?.presence).toMatchObject({ count: 2, members: [{}, { name: 'wall 2' }] }),
      PATIENCE,
    );
    await publish('who', 'state', 1);
    expect(await client.presence('who')).toMatchObject({ count: 2 });
    wall.close();
    await vi.waitFor(() => expect(replicas.get('who')?.presence).toMatchObject({ count: 1, members: [{}] }), PATIENCE);
  });

  test('[C40] publications with keys are there once each, in order, however often the link breaks', async () => {
    const kept: Promise<unknown>[] = [];
    for (const n of numbers(1, 60)) {
      kept.push(client.publish('k/log', n, { kind: 'log', key: `key ${n}` }));
      if (n % 20 !== 0) continue;
      proxy.cut();
      await vi.waitFor(() => expect(client.status.type).not.toBe('live'), PATIENCE);
      proxy.heal();
      client.online();
      await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
    }
    await Promise.all(kept);
    const { entries } = await client.history('k/log', { limit: 100 });
    expect(entries.map(({ d }) => d)).toEqual(numbers(1, 60));
    const again = await client.publish('k/log', 7, { kind: 'log', key: 'key 7' });
    expect(again.offset).toBe(7);
  });
});
