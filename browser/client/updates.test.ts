import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import type { Since } from '@tidewall/protocol';
import { startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.ts';
import { type Update, updates } from './updates.ts';

const PUBLISHER = { id: 'test', roles: [] };

let host: TestHost;
let proxy: TcpProxy;
let client: Client;

beforeEach(async () => {
  host = await startTestHost({
    settings: {
      topics: [
        { pattern: 'shut/#', readOnly: true },
        { pattern: 'short', kind: 'log', keep: { count: 3 } },
      ],
      limits: { lingerMs: 0 },
    },
  });
  proxy = await TcpProxy.start(host.port);
  const url = `http://127.0.0.1:${proxy.port}/`;
  client = createClient({ url, transports: [createWebSocketTransport(WebSocket)], random: () => 0 });
});

afterEach(async () => {
  client.close();
  await proxy.close();
  await host.close();
});

const publish = (topic: string, data: number, kind: 'log' | 'state' = 'log') =>
  host.hub.publish(PUBLISHER, { topic, data, kind });
const watchers = (topic: string) => host.hub.topics(PUBLISHER).find((row) => row.topic === topic)?.watchers ?? 0;

async function take<Value>(from: AsyncIterableIterator<Update<Value>, undefined>, count: number): Promise<Value[]> {
  const values: Value[] = [];
  while (values.length < count) {
    const { value } = await from.next();
    if (value === undefined) throw new Error('it ended');
    values.push(value.value);
  }
  return values;
}

test('[C43] every entry of a log comes once and in order, over a link that is cut, however late the loop comes round', async () => {
  await publish('a', 0);
  const log = updates<number>(client, 'a', { rewindCount: 10 });
  expect(await take(log, 1)).toEqual([0]);
  for (let i = 1; i <= 300; i++) {
    await publish('a', i);
    if (i % 100 === 50) proxy.cut();
    if (i % 100 === 70) proxy.heal();
  }
  expect(await take(log, 300)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  await log.return?.();
  await expect.poll(() => watchers('a')).toBe(0);
});

test('[C43] of a state the newest comes, and not what was between', async () => {
  await publish('s', 0, 'state');
  const state = updates<number>(client, 's');
  expect(await take(state, 1)).toEqual([0]);
  for (let i = 1; i <= 100; i++) await publish('s', i, 'state');
  await expect.poll(async () => (await take(state, 1))[0]).toBe(100);
  await state.return?.();
});

test('when too many wait for the loop the oldest are dropped, and counted in the next', async () => {
  await publish('a', 0);
  const log = updates<number>(client, 'a', { rewindCount: 10, buffer: 5 });
  expect(await take(log, 1)).toEqual([0]);
  for (let i = 1; i <= 20; i++) await publish('a', i);
  const newest: number[] = [];
  const end = client.watch('a', { rewindCount: 10 }, ({ d }) => void newest.push(d as number));
  await expect.poll(() => newest.at(-1)).toBe(20);
  end();
  expect(await log.next()).toMatchObject({ done: false, value: { topic: 'a', value: 16, lost: 15 } });
  expect(await take(log, 4)).toEqual([17, 18, 19, 20]);
  await log.return?.();
});

test('[C41] [C43] an entry has the position that goes on behind it, however many wait, and whoever else follows', async () => {
  for (let i = 1; i <= 3; i++) await publish('a', i);
  const first = updates<number>(client, 'a', { rewindCount: 10 });
  const { value: one } = await first.next();
  expect(one).toMatchObject({ value: 1, lost: 0, position: { offset: 1 } });
  // Two wait, and are not taken: the page goes away.
  await first.return?.();
  const live = updates<number>(client, 'a');
  const next = live.next();
  await expect.poll(() => watchers('a')).toBe(1);
  const second = updates<number>(client, 'a', { since: one?.position as Since });
  expect(await take(second, 2)).toEqual([2, 3]);
  await publish('a', 4);
  expect(await take(second, 1)).toEqual([4]);
  expect(await next).toMatchObject({ value: { value: 4, lost: 0 } });
  await Promise.all([second.return?.(), live.return?.()]);
});

test('[C43] what is lost is told to who does not get it, and to nobody else', async () => {
  await host.hub.publish(PUBLISHER, { topic: 'short', kind: 'log', data: 0 });
  for (let i = 1; i <= 9; i++) await publish('short', i);
  const { epoch } = (await client.history('short')) as Since;
  const live = updates<number>(client, 'short');
  const next = live.next();
  await expect.poll(() => watchers('short')).toBe(1);
  // The newest three are kept.
  const late = updates<number>(client, 'short', { since: { epoch, offset: 1 } });
  expect(await late.next()).toMatchObject({ value: { value: 7, lost: 6, position: { epoch, offset: 8 } } });
  expect(await late.next()).toMatchObject({ value: { value: 8, lost: 0 } });
  await publish('short', 10);
  expect(await next).toMatchObject({ value: { value: 10, lost: 0 } });
  const third = updates<number>(client, 'short');
  const then = third.next();
  await publish('short', 11);
  expect(await then).toMatchObject({ value: { lost: 0 } });
  await Promise.all([late, live, third].map((one) => one.return?.()));
});

test('a pattern brings the entries of every topic that it finds, with its name', async () => {
  await publish('p/1', 1);
  const all = updates<number>(client, 'p/+', { rewindCount: 5 });
  expect(await all.next()).toMatchObject({ value: { topic: 'p/1', value: 1 } });
  await publish('p/2', 2);
  expect(await all.next()).toMatchObject({ value: { topic: 'p/2', value: 2 } });
  await all.return?.();
});

test('what the server refuses is thrown, and ends it', async () => {
  await publish('s', 1, 'state');
  const wrong = updates(client, 's', { kind: 'table' });
  await expect(wrong.next()).rejects.toMatchObject({ name: 'wrong_kind' });
  expect(await wrong.next()).toEqual({ done: true, value: undefined });
});

test('the loop ends when it is left, when its signal aborts, and when the client is closed', async () => {
  await publish('a', 1);
  const got: number[] = [];
  for await (const { value } of updates<number>(client, 'a', { rewindCount: 1 })) {
    got.push(value);
    break;
  }
  expect(got).toEqual([1]);
  await expect.poll(() => watchers('a')).toBe(0);
  const abort = new AbortController();
  const aborted = updates(client, 'a', { signal: abort.signal });
  const waits = aborted.next();
  abort.abort();
  expect(await waits).toEqual({ done: true, value: undefined });
  const last = updates(client, 'a').next();
  client.close();
  expect(await last).toEqual({ done: true, value: undefined });
});
