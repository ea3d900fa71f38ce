import { systemClock } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Outlet, SourceDefinition } from '@tidewall/contracts';
import { createHub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { CountingMeter, type DatabaseServer, findPostgres, silentLog, startPostgres } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSupervisor } from '../supervisor.ts';
import { definition } from './definition.ts';

const VIEWERS = 2_000;
/** One for all: what is encoded alike is encoded once. */
const encoding = { name: 'none', encode: () => new Uint8Array(1) };
const WAIT = { timeout: 30_000 };
const viewer = { id: 'viewer', roles: [] };

describe.skipIf(findPostgres() === undefined)('viewers of one question (PostgreSQL)', () => {
  let server: DatabaseServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: ['shared_preload_libraries=pg_stat_statements'] });
    server.sql("CREATE EXTENSION pg_stat_statements; CREATE USER reader PASSWORD 'reader-pass'");
  });
  afterAll(() => server?.close());

  const calls = () =>
    Number(server.sql("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT random()%'"));
  const connections = () => server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader'");

  /** A hub, and the source that is asked about. */
  async function world() {
    const shared = {
      clock: systemClock,
      log: silentLog,
      meter: new CountingMeter(),
      limits: { ...DEFAULT_LIMITS, lingerMs: 200 },
      random: () => 0.5,
    };
    const hub = createHub({
      ...shared,
      broker: createMemoryBroker(shared),
      access: openAccess,
      settingsOf: () => undefined,
    });
    const supervisor = createSupervisor({ ...shared, hub, compileTransforms: () => (data) => data });
    await supervisor.add({
      name: 'load',
      definition: definition as SourceDefinition,
      settings: {
        url: `postgres://reader:reader-pass@127.0.0.1:${server.port}/postgres`,
        query: 'SELECT random() AS x, :region::text AS region',
        topicKind: 'state',
        intervalMs: 200,
        minIntervalMs: 100,
        params: { region: { value: 'all' } },
      },
      baseDir: '.',
      outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: true }),
    } as never);
    return { hub, supervisor };
  }

  test('hear why nothing comes while it is away, and go on by themselves when it is back', async () => {
    const { hub, supervisor } = await world();
    const session = hub.open(viewer, { encoding, write: () => true, takenBytes: () => 0, close() {} });
    await session.subscribe({ topic: 'load' }, () => {});
    const stateOf = () => supervisor.list()[0]?.state;
    await vi.waitFor(() => expect(stateOf()).toBe('ok'), WAIT);
    await server.kill();
    await vi.waitFor(() => expect(stateOf()).toBe('failed'), WAIT);
    expect((await hub.snapshot(viewer, 'load')).freshness.reason).toMatch(
      /^PostgreSQL at 127\.0\.0\.1:\d+ (is gone|cannot be reached): [^;]+; next try in \d+ s$/,
    );
    await server.start();
    await vi.waitFor(() => expect(stateOf()).toBe('ok'), WAIT);
    session.end();
    await supervisor.dispose();
    hub.dispose();
  });

  test('cost the database what one costs; nobody asks when none is left', async () => {
    const { hub, supervisor } = await world();
    server.sql('SELECT pg_stat_statements_reset()');
    expect(calls()).toBe(0);

    let deliveries = 0;
    const heard = new Set<number>();
    const watch = async (index: number, topic: string) => {
      const outlet: Outlet = {
        encoding,
        write: () => {
          deliveries += 1;
          heard.add(index);
          return true;
        },
        takenBytes: () => 0,
        close() {},
      };
      const session = hub.open(viewer, outlet);
      await session.subscribe({ topic }, () => {});
      return session;
    };
    const published = () => hub.topics(viewer).find(({ topic }) => topic === 'load')?.offset ?? 0;
    /** Questions for so many publications. */
    const asked = async (publications: number) => {
      const [before, from] = [calls(), published()];
      await vi.waitFor(() => expect(published()).toBeGreaterThanOrEqual(from + publications), { timeout: 20_000 });
      return (calls() - before) / (published() - from);
    };

    const sessions = [await watch(0, 'load')];
    const ofOne = await asked(5);
    for (let index = 1; index < VIEWERS; index++) sessions.push(await watch(index, 'load'));
    const ofAll = await asked(5);
    expect(ofOne).toBeLessThan(1.5);
    expect(ofAll).toBeLessThan(1.5);
    expect(connections()).toBe('1');
    await vi.waitFor(() => expect(heard.size).toBe(VIEWERS), { timeout: 10_000 });
    expect(deliveries).toBeGreaterThan(5 * VIEWERS);

    // Another value of the parameter is another question, for all who watch that.
    for (let index = 0; index < 100; index++) sessions.push(await watch(VIEWERS + index, 'load/region=sh'));
    await vi.waitFor(() => expect(heard.size).toBe(VIEWERS + 100), { timeout: 10_000 });
    expect(connections()).toBe('2');

    for (const session of sessions) session.end();
    await vi.waitFor(() => expect(connections()).toBe('0'), { timeout: 10_000 });
    const before = calls();
    await vi.waitFor(() => expect(supervisor.list().map(({ state }) => state)).toEqual(['idle']), { timeout: 5_000 });
    expect(calls()).toBe(before);
    await supervisor.dispose();
    hub.dispose();
  });
});
