import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Outlet, Session, Sink, SourceDefinition } from '@tidewall/contracts';
import { createHub, type Hub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS, parseTopicName, parseTopicPattern } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { MOST_FAMILY_TOPICS } from './families.ts';
import { silentLog } from './source-context.contract.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
const anyone = { id: 'anyone', roles: [] };
const outlet: Outlet = {
  encoding: { name: 'none', encode: () => new Uint8Array() },
  write: () => true,
  takenBytes: () => 0,
  close() {},
};

interface Run {
  readonly sink: Sink;
  readonly signal: AbortSignal;
  fail(failure: Error): void;
}

let clock: FakeClock;
let hub: Hub;
let supervisor: Supervisor;
let runs: Run[];

const definition: SourceDefinition = {
  kind: 'plant',
  configSchema: z.strictObject({}),
  secrets: [],
  addresses: [],
  create: () => ({
    topics: [],
    families: [{ pattern: parseTopicPattern('plant/+'), kind: 'state' }],
    run: (sink, signal) =>
      new Promise((resolve, reject) => {
        runs.push({ sink, signal, fail: reject });
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
  }),
};

beforeEach(async () => {
  clock = new FakeClock();
  runs = [];
  const limits = { ...DEFAULT_LIMITS, topics: 5_000, subscriptionsPerSession: 5_000 };
  const shared = { clock, limits, meter, log: silentLog, random: () => 0.5 };
  const broker = createMemoryBroker({ random: Math.random });
  hub = createHub({ ...shared, broker, access: openAccess, settingsOf: () => undefined });
  supervisor = createSupervisor({ ...shared, hub, compileTransforms: () => (data) => data });
  const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
  await supervisor.add({ name: 'plant', definition, settings: {}, baseDir: '.', outgoing });
});

afterEach(async () => {
  const disposing = supervisor.dispose();
  await clock.advance(5_000);
  await disposing;
  hub.dispose();
  expect(clock.pending).toBe(0);
});

async function watch(...topics: string[]): Promise<Session> {
  const session = hub.open(anyone, outlet);
  for (const topic of topics) await session.subscribe({ topic }, () => {});
  await clock.advance(0);
  return session;
}

async function leave(session: Session): Promise<void> {
  session.end();
  await clock.advance(DEFAULT_LIMITS.lingerMs);
}

const publish = (topic: string, value: number) => runs.at(-1)?.sink.publish(parseTopicName(topic), 'replace', value);
const snapshot = (topic: string) => hub.snapshot(anyone, topic);

test('a source with a family runs while one of its topics is watched', async () => {
  const first = await watch('plant/a');
  const second = await watch('plant/b', 'elsewhere');
  expect(runs).toHaveLength(1);
  await leave(first);
  expect(runs[0]?.signal.aborted).toBe(false);
  await leave(second);
  expect(runs[0]?.signal.aborted).toBe(true);
});

test('what it publishes of a topic that nobody watches yet is there for who comes later', async () => {
  await watch('plant/a');
  await publish('plant/b', 7);
  expect(await snapshot('plant/b')).toMatchObject({ json: '7', kind: 'state' });
  expect(supervisor.list()[0]?.topics).toEqual(['plant/a', 'plant/b']);
});

test('it publishes to nothing outside of its families', async () => {
  await watch('plant/a');
  await expect(publish('plant/a/b', 1)).rejects.toThrow('the source does not feed the topic plant/a/b');
});

test('when it fails, each of its topics says so, also one that is watched afterwards', async () => {
  await watch('plant/a', 'plant/b');
  await publish('plant/b', 7);
  runs[0]?.fail(new Error('the line is cut'));
  await clock.advance(0);
  await watch('plant/c');
  for (const topic of ['plant/a', 'plant/b', 'plant/c']) {
    expect((await snapshot(topic)).freshness).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('cut'),
    });
  }
});

test('topics that nobody watches make room for others, and those that are watched do not', async () => {
  await watch('plant/a');
  for (let i = 0; i < MOST_FAMILY_TOPICS + 10; i++) await publish(`plant/n${i}`, i);
  const topics = supervisor.list()[0]?.topics ?? [];
  expect(topics).toHaveLength(MOST_FAMILY_TOPICS);
  expect(topics).toContain('plant/a');
  await expect(hub.publish(anyone, { topic: 'plant/a', data: 1 })).rejects.toMatchObject({ kind: 'permission_denied' });
  await hub.publish(anyone, { topic: 'plant/n0', data: 'free again' });
});

test('of too many that are watched a further one is refused', async () => {
  await watch(...Array.from({ length: MOST_FAMILY_TOPICS }, (_, i) => `plant/n${i}`));
  await publish('plant/more', 1);
  expect(supervisor.list()[0]).toMatchObject({
    state: 'starting',
    refusals: 1,
    lastRefusal: `${MOST_FAMILY_TOPICS} topics of this source are watched already`,
  });
});

test('a topic that others have taken costs what is for it, and nothing else', async () => {
  await hub.publish(anyone, { topic: 'plant/theirs', kind: 'table', data: [{ id: 1 }] });
  await watch('plant/a');
  await publish('plant/theirs', 1);
  await publish('plant/a', 2);
  expect(supervisor.list()[0]).toMatchObject({ state: 'ok', refusals: 1 });
  expect(supervisor.list()[0]?.lastRefusal).toContain('plant/theirs holds a table that others published');
  expect(await snapshot('plant/a')).toMatchObject({ json: '2' });
});

test('a topic that is watched and published to at once, when there is no room, is claimed once', async () => {
  await watch('plant/a');
  for (let i = 0; i < MOST_FAMILY_TOPICS; i++) await publish(`plant/n${i}`, i);
  await Promise.all([watch('plant/new'), publish('plant/new', 1), publish('plant/new', 2)]);
  expect(await snapshot('plant/new')).toMatchObject({ json: '2' });
  expect(supervisor.list()[0]).toMatchObject({ refusals: 0, topics: expect.arrayContaining(['plant/a', 'plant/new']) });
});

test('topics that are watched before the source is there are its own when it comes', async () => {
  await supervisor.remove('plant');
  await watch('plant/early');
  const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
  await supervisor.add({ name: 'plant', definition, settings: {}, baseDir: '.', outgoing });
  await clock.advance(0);
  expect(runs).toHaveLength(1);
});
