import type { JsonObject } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Outlet, ParameterValue, Session, Sink, SourceDefinition } from '@tidewall/contracts';
import { createHub, type Hub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS, parseTopicName } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { silentLog } from './source-context.contract.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
const anyone = { id: 'anyone', roles: [] };
const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
const outlet: Outlet = {
  encoding: { name: 'none', encode: () => new Uint8Array() },
  write: () => true,
  takenBytes: () => 0,
  close() {},
};

interface Run {
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly sink: Sink;
  readonly signal: AbortSignal;
}

let clock: FakeClock;
let hub: Hub;
let supervisor: Supervisor;
let runs: Run[];
let kind: 'state' | 'log';
/** What a run waits for when it is told to stop. */
let stopping: Promise<void> | undefined;
let stopped: () => void;

/** Says what its parameters are, and waits. */
const echo: SourceDefinition = {
  kind: 'echo',
  configSchema: z.strictObject({}),
  secrets: [],
  addresses: [],
  takesParams: true,
  create: (_config, { name, params }) => ({
    topics: [{ topic: parseTopicName(params['region'] === 'boom' ? refuseRegion() : name), kind }],
    async run(sink, signal) {
      runs.push({ params, sink, signal });
      await sink.result(parseTopicName(name), { ...params });
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await stopping;
    },
  }),
};

function refuseRegion(): never {
  throw new Error('there is no region boom');
}

beforeEach(() => {
  kind = 'state';
  stopping = undefined;
  clock = new FakeClock();
  runs = [];
  const shared = { clock, limits: DEFAULT_LIMITS, meter, log: silentLog, random: () => 0.5 };
  const broker = createMemoryBroker({ random: Math.random });
  hub = createHub({ ...shared, broker, access: openAccess, settingsOf: () => undefined });
  supervisor = createSupervisor({ ...shared, hub, compileTransforms: () => (data) => data });
});

afterEach(async () => {
  const disposing = supervisor.dispose();
  await clock.advance(5_000);
  await disposing;
  hub.dispose();
  expect(clock.pending).toBe(0);
});

function add(settings: JsonObject): Promise<void> {
  return supervisor.add({ name: 'sales', definition: echo, settings, baseDir: '.', outgoing });
}

const REGION = { region: { value: 'all' }, year: { type: 'number', value: 2026 } };

async function watch(topic: string): Promise<Session> {
  const session = hub.open(anyone, outlet);
  await session.subscribe({ topic }, () => {});
  await clock.advance(0);
  return session;
}

/** Ends a session, and lets the linger time pass. */
async function leave(session: Session): Promise<void> {
  session.end();
  await clock.advance(DEFAULT_LIMITS.lingerMs);
}

async function heldOf(topic: string): Promise<unknown> {
  const { json, freshness } = await hub.snapshot(anyone, topic);
  return json === undefined ? freshness.reason : JSON.parse(json);
}

describe('a source with parameters', () => {
  test('feeds a topic of its own for each combination that is watched, and the standard one by its own name', async () => {
    await add({ params: REGION });
    await watch('sales');
    await watch('sales/region=sh');
    await watch('sales/region=bj,year=2025');
    expect(await heldOf('sales')).toEqual({ region: 'all', year: 2026 });
    expect(await heldOf('sales/region=sh')).toEqual({ region: 'sh', year: 2026 });
    expect(await heldOf('sales/region=bj,year=2025')).toEqual({ region: 'bj', year: 2025 });
    expect(supervisor.list()[0]).toMatchObject({
      topics: ['sales'],
      state: 'ok',
      variants: [
        { params: { region: 'sh', year: 2026 }, topics: ['sales/region=sh'], state: 'ok' },
        { params: { region: 'bj', year: 2025 }, topics: ['sales/region=bj,year=2025'], state: 'ok' },
      ],
    });
  });

  test('runs one combination once, however many watch it, and stops it after the last of them', async () => {
    await add({ params: REGION });
    const first = await watch('sales/region=sh');
    const second = await watch('sales/region=sh');
    expect(runs).toHaveLength(1);
    await leave(first);
    expect(runs[0]?.signal.aborted).toBe(false);
    await leave(second);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(supervisor.list()[0]?.variants).toEqual([]);
    await watch('sales/region=sh');
    expect(runs).toHaveLength(2);
  });

  test.each([
    ['sales/regoin=sh', 'there is no parameter "regoin"; there is region, year'],
    ['sales/year=soon', 'the parameter year must be a number of at most 200 characters, got "soon"'],
    ['sales/year=02026', 'the parameter year must be a number of at most 200 characters, got "02026"'],
    ['sales/year=2025,region=sh', 'these values are the topic sales/region=sh,year=2025'],
    ['sales/region=all', 'these values are the topic sales'],
    ['sales/region=sh,', 'region=sh, does not name values, like region=sh,year=2026'],
  ])('says at %s why it is not fed', async (topic, reason) => {
    await add({ params: REGION });
    const session = await watch(topic);
    expect(await heldOf(topic)).toBe(reason);
    expect(runs).toEqual([]);
    await leave(session);
    expect(hub.topics(anyone).map((each) => each.topic)).toEqual(['sales']);
  });

  test('takes only those values that its settings name, where they do', async () => {
    await add({ params: { region: { value: 'sh', oneOf: ['sh', 'bj'] } } });
    await watch('sales/region=gz');
    expect(await heldOf('sales/region=gz')).toBe('the parameter region must be one of sh, bj, got "gz"');
  });

  test('feeds so many combinations at once; others have failed, and are fed when there is room', async () => {
    await add({ params: REGION, maxVariants: 2 });
    const first = await watch('sales/region=a');
    await watch('sales/region=b');
    await watch('sales/region=c');
    expect(await heldOf('sales/region=c')).toMatch(/^2 combinations of parameters are fed already \(maxVariants\)/);
    await leave(first);
    await clock.advance(0);
    expect(await heldOf('sales/region=c')).toEqual({ region: 'c', year: 2026 });
  });

  test('that is watched again while it still stops is fed when it has stopped', async () => {
    stopping = new Promise((resolve) => (stopped = resolve));
    await add({ params: REGION });
    await leave(await watch('sales/region=sh'));
    await watch('sales/region=sh');
    expect(runs).toHaveLength(1);
    stopping = undefined;
    stopped();
    await clock.advance(0);
    expect(runs).toHaveLength(2);
    expect(supervisor.list()[0]?.variants).toMatchObject([{ params: { region: 'sh' }, state: 'ok' }]);
  });

  test('feeds what was watched before it was there, as when it is set anew', async () => {
    await add({ params: REGION });
    await watch('sales/region=sh');
    await supervisor.remove('sales');
    await add({ params: REGION });
    await clock.advance(0);
    expect(runs).toHaveLength(2);
    expect(supervisor.list()[0]?.variants).toMatchObject([{ params: { region: 'sh' }, state: 'ok' }]);
  });

  test('that is taken away while it is added leaves nothing behind', async () => {
    const adding = add({ params: REGION });
    await supervisor.remove('sales');
    await expect(adding).rejects.toThrow('the source sales was taken away while it was added');
    await watch('sales/region=sh');
    await watch('sales');
    expect(runs).toEqual([]);
    await add({ params: REGION });
  });

  test('says why a combination is not fed whose source cannot be made', async () => {
    await add({ params: REGION });
    await watch('sales/region=boom');
    expect(await heldOf('sales/region=boom')).toBe('there is no region boom');
    expect(supervisor.list()[0]?.variants).toEqual([]);
  });

  test('tells the entries of a log once, however often it is watched anew', async () => {
    kind = 'log';
    await add({ params: REGION });
    // It becomes a log with that, and its client asks again.
    await watch('sales/region=sh');
    await leave(await watch('sales/region=sh'));
    const before = runs.length;
    await watch('sales/region=sh');
    expect(runs).toHaveLength(before + 1);
    expect(await heldOf('sales/region=sh')).toEqual([{ region: 'sh', year: 2026 }]);
  });

  test('leaves topics below its own that name no values to everybody', async () => {
    await add({ params: REGION });
    await watch('sales/notes');
    await hub.publish(anyone, { topic: 'sales/notes', data: 'mine' });
    expect(await heldOf('sales/notes')).toBe('mine');
  });

  test('that is taken away lets go of all of its topics', async () => {
    await add({ params: REGION, maxVariants: 1 });
    await watch('sales');
    await watch('sales/region=a');
    await watch('sales/region=b');
    expect(await supervisor.remove('sales')).toBe(true);
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(supervisor.list()).toEqual([]);
    for (const topic of ['sales', 'sales/region=a', 'sales/region=b']) {
      await hub.publish(anyone, { topic, data: 'free' });
    }
    expect(await supervisor.remove('nobody')).toBe(false);
  });
});

test.each([
  [{ params: { region: { value: 'x', oneOf: ['a'] } } }, 'sources.sales.params.region.value: must be one of oneOf'],
  [{ params: { year: { type: 'number', value: 'x' } } }, 'sources.sales.params.year.value: must be a number'],
  [{ params: { 'a b': { value: 'x' } } }, 'sources.sales.params'],
  [{ maxVariants: 0 }, 'sources.sales.maxVariants'],
  [{ transforms: [{}] }, 'sources.sales.transforms.0.type'],
])('%j is refused by its field', async (settings, says) => {
  await expect(add(settings as JsonObject)).rejects.toThrow(says);
});

test('a kind whose questions have no parameters refuses them', async () => {
  const { takesParams: _, ...plain } = echo;
  const adding = supervisor.add({ name: 'x', definition: plain, settings: { params: REGION }, baseDir: '.', outgoing });
  await expect(adding).rejects.toThrow('sources.x.params: is not a setting of this kind of source');
});
