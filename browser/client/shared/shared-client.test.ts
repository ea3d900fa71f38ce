import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../client.ts';
import { ClientBed, failure } from '../client-bed.contract.ts';
import { Origin, type OriginTab } from './origin.contract.ts';
import { createSharedClient, type SharedClient } from './shared-client.ts';

const PUBLISHER = { id: 'test', roles: [] };
const PATIENCE = { timeout: 20_000, interval: 5 };

let host: TestHost;
let origin: Origin;
let tabs: Tab[];

beforeEach(async () => {
  host = await startTestHost({ settings: { limits: { lingerMs: 0 } } });
  origin = new Origin();
  tabs = [];
});

afterEach(async () => {
  for (const tab of tabs) tab.kill();
  await host.close();
});

interface Tab {
  readonly client: SharedClient;
  /** Gone without a word. */
  kill(): void;
}

/** A tab; the first that is opened leads. */
async function openTab(options: { readonly failed?: (failure: unknown) => void } = {}): Promise<Tab> {
  const platform: OriginTab = origin.openTab();
  const made: { close(): void }[] = [];
  const client = createSharedClient({
    name: 'hall',
    ...platform,
    ...options,
    create() {
      const own = createClient({
        url: host.url,
        transports: [createWebSocketTransport(WebSocket)],
        random: () => 0,
      });
      made.push(own);
      return own;
    },
  });
  const tab = {
    client,
    kill() {
      platform.kill();
      for (const own of made) own.close();
    },
  };
  tabs.push(tab);
  await vi.waitFor(() => expect(client.status.type).toBe('live'), PATIENCE);
  return tab;
}

function watch({ client }: Tab, options: FollowOptions = {}): unknown[] {
  const heard: unknown[] = [];
  client.watch('log', { kind: 'log', ...options }, ({ d, gap }) => {
    if (d !== undefined) heard.push(d);
    if (gap) heard.push(gap);
  });
  return heard;
}

let published = 0;
beforeEach(() => {
  published = 0;
});
async function publish(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await host.hub.publish(PUBLISHER, { topic: 'log', kind: 'log', data: ++published });
}
const all = (from = 1) => Array.from({ length: published - from + 1 }, (_, i) => from + i);
const watchers = () => host.hub.topics(PUBLISHER).find((row) => row.topic === 'log')?.watchers ?? 0;

describe('when the tab that leads is gone', () => {
  test('[C44] [C46] a log goes on exactly, though the new one follows it too and from elsewhere', async () => {
    const leader = await openTab();
    const [second, third] = [await openTab(), await openTab()];
    const told = watch(third);
    await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
    await publish(3);
    await vi.waitFor(() => expect(told).toEqual([1, 2, 3]), PATIENCE);
    // The channel is slow: until the third tab hears of the new leader, that follows the log itself, from its own head.
    origin.hold();
    const own = watch(second);
    let head: number | undefined;
    second.client.follow('log', { kind: 'log' }, ({ position }) => {
      head = position?.offset;
    });
    leader.kill();
    await publish(2);
    await vi.waitFor(() => expect(head).toBe(5), PATIENCE);
    await publish(1);
    await vi.waitFor(() => expect(own).toEqual([6]), PATIENCE);
    origin.release();
    await vi.waitFor(() => expect(told).toEqual(all()), PATIENCE);
    await publish(2);
    await vi.waitFor(() => expect([told, own]).toEqual([all(), all(6)]), PATIENCE);
  });

  test('[C44] entries that the old one told late are not told twice', async () => {
    const leader = await openTab();
    await openTab();
    const third = await openTab();
    const told = watch(third);
    await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
    await publish(2);
    await vi.waitFor(() => expect(told).toEqual([1, 2]), PATIENCE);
    origin.hold();
    const heardByLeader = watch(leader);
    await publish(3);
    await vi.waitFor(() => expect(heardByLeader).toEqual([3, 4, 5]), PATIENCE);
    leader.kill();
    origin.release();
    await publish(2);
    await vi.waitFor(() => expect(told).toEqual(all()), PATIENCE);
  });

  test('[C44] [C46] however often that happens, and whatever each tab follows, each is told all of it once', async () => {
    const first = await openTab();
    const alive = [first, await openTab(), await openTab(), await openTab(), await openTab()];
    const told = alive.map((tab) => watch(tab));
    await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
    // All of them are known to the first: they are told what is published now.
    await publish(1);
    for (const heard of told) await vi.waitFor(() => expect(heard).toEqual([1]), PATIENCE);
    for (let round = 0; round < 4; round++) {
      const later = watch(alive.at(-1) as Tab, { rewindCount: 2 });
      await publish(5);
      (alive.shift() as Tab).kill();
      told.shift();
      await publish(5);
      for (const heard of told) await vi.waitFor(() => expect(heard).toEqual(all()), PATIENCE);
      await vi.waitFor(() => expect(later.at(-1)).toBe(published), PATIENCE);
      expect(later).toEqual(all(later[0] as number));
    }
  });

  test('[C44] by closing, another connects, and what may be done twice is carried out by it', async () => {
    const leader = await openTab();
    const second = await openTab();
    leader.client.close();
    const kept = second.client.publish('log', 1, { kind: 'log', key: 'once' });
    const unknown = second.client.publish('log', 2);
    expect(leader.client.status.type).toBe('closed');
    await expect(unknown).rejects.toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
    expect(await kept).toMatchObject({ offset: 1 });
    expect((await second.client.history('log')).entries).toHaveLength(1);
  });
});

test('[C32] [C44] draining lets what this tab has under way finish, takes nothing new, and leaves the others alone', async () => {
  const leader = await openTab();
  const follower = await openTab();
  for (const { client } of [follower, leader]) {
    const kept = client.publish('log', 1, { kind: 'log' });
    const drained = client.drain();
    await expect(client.publish('log', 2)).rejects.toMatchObject({
      kind: 'not_available',
      detail: { outcome: 'not_sent' },
    });
    expect(await kept).toMatchObject({ epoch: expect.any(String) });
    await drained;
    expect(client.status.type).toBe('closed');
  }
  expect((await (await openTab()).client.history('log')).entries).toHaveLength(2);
});

test('[C44] [C47] a tab that nobody sees is told less, and the others as ever', async () => {
  const leader = await openTab();
  const hidden = await openTab();
  const states = [leader, hidden].map(({ client }) => {
    const seen: unknown[] = [];
    client.follow('state', { kind: 'state' }, (replica) => seen.push(replica.value()));
    return seen;
  });
  hidden.client.pace(0.001);
  leader.client.pace(1000);
  const set = (data: number) => host.hub.publish(PUBLISHER, { topic: 'state', kind: 'state', data });
  const newest = () => states.map((seen) => seen.at(-1));
  await set(1);
  await vi.waitFor(() => expect(newest()).toEqual([1, 1]), PATIENCE);
  await set(2);
  await vi.waitFor(() => expect(newest()[0]).toBe(2), PATIENCE);
  hidden.client.pace();
  await vi.waitFor(() => expect(newest()).toEqual([2, 2]), PATIENCE);
  hidden.client.pace(0.5);
  // The rate is the tab's own, also when it leads.
  leader.client.close();
  await vi.waitFor(() => expect(hidden.client.status.type).toBe('live'), PATIENCE);
  await set(3);
  await vi.waitFor(() => expect(newest()[1]).toBe(3), PATIENCE);
});

test('[C44] what a tab that is gone has followed is let go, also when it goes before anybody knew of it', async () => {
  const leader = await openTab();
  const second = await openTab();
  watch(second);
  await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
  second.kill();
  await vi.waitFor(() => expect(watchers()).toBe(0), PATIENCE);
  const third = await openTab();
  origin.hold();
  watch(third);
  third.kill();
  origin.release();
  const still = watch(leader);
  await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
  await publish(1);
  await vi.waitFor(() => expect(still).toEqual([1]), PATIENCE);
  leader.client.close();
  await vi.waitFor(() => expect(watchers()).toBe(0), PATIENCE);
});

describe('whatever goes wrong in a tab', () => {
  test('what a page throws stops nobody else, and goes to who hears failures', async () => {
    const failures: unknown[] = [];
    const leader = await openTab();
    const follower = await openTab({ failed: (failure) => failures.push(failure) });
    const thrower = () => {
      throw new Error('of the page');
    };
    follower.client.onStatus(thrower);
    follower.client.follow('log', { kind: 'log' }, thrower);
    follower.client.watch('log', { kind: 'log' }, thrower);
    const told = watch(follower);
    await vi.waitFor(() => expect(watchers()).toBe(1), PATIENCE);
    await publish(1);
    await vi.waitFor(() => expect(told).toEqual([1]), PATIENCE);
    // The new leader is heard of by a status, on which one listener throws.
    leader.kill();
    await vi.waitFor(() => expect(follower.client.status.type).toBe('live'), PATIENCE);
    await publish(1);
    await vi.waitFor(() => expect(told).toEqual([1, 2]), PATIENCE);
    expect(failures.length).toBeGreaterThan(3);
  });

  test('a connection that cannot be made is told, and the lead goes to the next', async () => {
    const failures: unknown[] = [];
    const broken = createSharedClient({
      name: 'hall',
      ...origin.openTab(),
      create() {
        throw new TypeError('no such address');
      },
      failed: (failure) => failures.push(failure),
    });
    await vi.waitFor(
      () => expect(broken.status).toMatchObject({ type: 'closed', reason: 'no such address' }),
      PATIENCE,
    );
    expect(failures).toHaveLength(1);
    await expect(broken.publish('log', 1)).rejects.toMatchObject({ kind: 'not_available' });
    await openTab();
  });

  test('no more than 1,024 commands wait for a tab that leads', async () => {
    const { clock } = new ClientBed();
    const platform = origin.openTab();
    // Somebody leads who never says a word.
    void origin.openTab().locks.request('tidewall:hall', {}, () => new Promise(() => {}));
    const client = createSharedClient({ name: 'hall', ...platform, clock, create: () => expect.unreachable() });
    const waiting = Array.from({ length: 1_024 }, () => failure(client.history('log')));
    expect(await failure(client.history('log'))).toMatchObject({ kind: 'busy', detail: { outcome: 'not_sent' } });
    client.close();
    for (const ended of await Promise.all(waiting)) expect(ended.kind).toBe('not_available');
    expect(clock.pending).toBe(0);
  });
});
