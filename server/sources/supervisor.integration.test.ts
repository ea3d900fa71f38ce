import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Log, Meter, Outlet } from '@tidewall/contracts';
import { createHub, type Hub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceDefinitions } from './source-definitions.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const meter: Meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
const limits = DEFAULT_LIMITS;
const random = () => 0.5;
const viewer = { id: 'viewer', roles: [] };
const outlet: Outlet = {
  encoding: { name: 'none', encode: () => new Uint8Array() },
  write: () => true,
  takenBytes: () => 0,
  close() {},
};

let folder: string;
let clock: FakeClock;
let hub: Hub;
let supervisor: Supervisor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-sources-'));
  clock = new FakeClock();
  const broker = createMemoryBroker({ random });
  hub = createHub({
    broker,
    access: openAccess,
    clock,
    limits,
    meter,
    log: silent,
    random,
    settingsOf: () => undefined,
  });
  supervisor = createSupervisor({
    hub,
    clock,
    log: silent,
    meter,
    random,
    limits,
    compileTransforms: () => (data) => data,
  });
});

afterEach(async () => {
  const disposing = supervisor.dispose();
  await clock.advance(5_000);
  await disposing;
  hub.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function add(name: string, kind: string, config: JsonObject): Promise<void> {
  const definition = sourceDefinitions.get(kind);
  if (!definition) throw new Error(`there is no kind ${kind}`);
  await supervisor.add({
    name,
    definition,
    settings: config,
    baseDir: folder,
    outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: true }),
  });
}

async function eventually(cameAbout: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!cameAbout() && performance.now() < deadline) await clock.advance(20);
  expect(cameAbout()).toBe(true);
}

const stateOf = (name: string) => supervisor.list().find((source) => source.name === name)?.state;

it('each kind of source brings its data to the hub while somebody watches, and stops after the linger', async () => {
  await writeFile(join(folder, 'stock.csv'), 'product,stock\npump,1\n');
  await add('stock', 'csv', { path: 'stock.csv', keyField: 'product' });
  await add('shop', 'generator', { shape: 'shop' });
  await add('beat', 'process', { command: [process.execPath, '-e', 'setInterval(() => console.log(1), 5)'] });
  await add('host', 'host', {});
  const session = hub.open(viewer, outlet);
  const topics = ['stock', 'shop/today', 'beat', 'host/now'];
  const views: number[] = [];
  for (const topic of topics) await session.subscribe({ topic }, (reply) => views.push(reply.topic));
  await eventually(
    () => hub.topics(viewer).filter(({ topic, offset }) => topics.includes(topic) && offset > 0).length === 4,
  );
  expect(supervisor.list().map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect((await hub.snapshot(viewer, 'stock')).json).toBe('[{"product":"pump","stock":1}]');
  expect(JSON.parse((await hub.snapshot(viewer, 'host/now')).json ?? '{}')).toMatchObject({
    cores: expect.any(Number),
  });

  for (const view of views) session.unsubscribe(view);
  await clock.advance(limits.lingerMs - 100);
  expect(stateOf('shop')).toBe('ok');
  await clock.advance(200);
  await eventually(() => supervisor.list().every(({ state }) => state === 'idle'));
});

it('a source that fails tells the viewers of its topic why, and recovers by itself', async () => {
  await add('stock', 'csv', { path: 'stock.csv', keyField: 'product' });
  const session = hub.open(viewer, outlet);
  await session.subscribe({ topic: 'stock' }, () => {});
  await eventually(() => stateOf('stock') === 'failed');
  const { freshness } = await hub.snapshot(viewer, 'stock');
  expect(freshness.state).toBe('failed');
  expect(freshness.reason).toMatch(/^there is no file .*stock\.csv; next try in \d+ s$/);
  await writeFile(join(folder, 'stock.csv'), 'product,stock\npump,1\n');
  await eventually(() => stateOf('stock') === 'ok');
  expect((await hub.snapshot(viewer, 'stock')).freshness.state).toBe('quiet');
});
