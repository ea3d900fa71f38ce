import type { JsonObject } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Sink, Source, SourceDefinition } from '@tidewall/contracts';
import { createHub, type Hub, openAccess } from '@tidewall/hub';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS, parseTopicName, parseTopicPattern, TidewallError } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Preview, PreviewOptions } from './preview.ts';
import { silentLog } from './source-context.contract.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
const TOPIC = parseTopicName('probe');

let clock: FakeClock;
let hub: Hub;
let supervisor: Supervisor;
let aborted: boolean;

beforeEach(() => {
  clock = new FakeClock();
  aborted = false;
  const shared = { clock, limits: DEFAULT_LIMITS, meter, log: silentLog, random: () => 0.5 };
  const broker = createMemoryBroker({ random: Math.random });
  hub = createHub({ ...shared, broker, access: openAccess, settingsOf: () => undefined });
  supervisor = createSupervisor({ ...shared, hub, compileTransforms: () => (data) => data });
});

afterEach(async () => {
  await supervisor.dispose();
  expect(hub.topics({ id: 'anyone', roles: [] })).toEqual([]);
  hub.dispose();
  expect(clock.pending).toBe(0);
});

/** A preview of a source that does this, and then waits for its end. */
function preview(
  act: (sink: Sink, signal: AbortSignal) => Promise<void> | void,
  options: PreviewOptions = {},
  more: Partial<Source> = {},
): Promise<Preview> {
  const definition: SourceDefinition = {
    kind: 'probe',
    configSchema: z.strictObject({}),
    secrets: [],
    addresses: [],
    create: () => ({
      topics: [{ topic: TOPIC, kind: 'log' }],
      async run(sink, signal) {
        await act(sink, signal);
        if (!signal.aborted) await new Promise<void>((done) => signal.addEventListener('abort', () => done()));
        aborted = true;
      },
      ...more,
    }),
  };
  return supervisor.preview({ name: 'probe', definition, settings: {}, baseDir: '.', outgoing }, options);
}

async function over<Result>(running: Promise<Result>, ms: number): Promise<Result> {
  await clock.advance(ms);
  return running;
}

test('listens for a little longer than until the first of the data, and then ends the source', async () => {
  const running = preview(async (sink) => {
    await sink.publish(TOPIC, 'append', { n: 1 });
    clock.after(200, () => void sink.publish(TOPIC, 'append', { n: 2 }));
    clock.after(400, () => void sink.publish(TOPIC, 'append', { n: 3 }).catch(() => {}));
  });
  expect(await over(running, 500)).toMatchObject({
    ...{ ok: true, firstMs: 0, tookMs: 300 },
    topics: [{ topic: 'probe', kind: 'log', columns: [{ name: 'n', type: 'number' }], rowCount: 2 }],
  });
  expect(aborted).toBe(true);
});

test('of what brings nothing says so, and when it was given up', async () => {
  expect(
    await over(
      preview(() => {}, { timeoutMs: 500 }),
      500,
    ),
  ).toMatchObject({
    ...{ ok: false, error: 'nothing came within 500 ms', tookMs: 500 },
    topics: [{ topic: 'probe', rows: [], rowCount: 0 }],
  });
  expect(aborted).toBe(true);
});

test('of what says that it is well is well, though nothing came', async () => {
  const { ok, firstMs } = await over(
    preview((sink) => sink.healthy(), { timeoutMs: 500 }),
    500,
  );
  expect([ok, firstMs]).toEqual([true, undefined]);
});

test('of what ends by itself without a word says that, and does not wait', async () => {
  const { error, tookMs } = await preview(() => {}, {}, { run: async () => {} });
  expect([error, tookMs]).toEqual(['it has ended, and brought nothing', 0]);
});

test.each<[string, Source['run']]>([
  ['rejects', () => Promise.reject(new TidewallError('source_error', 'no route to host'))],
  [
    'throws at once',
    () => {
      throw new Error('no route to host');
    },
  ],
])('of what %s tells the reason', async (_what, run) => {
  expect(await preview(() => {}, {}, { run })).toMatchObject({ ok: false, error: 'no route to host' });
});

test('ends with its signal, also when that has aborted before', async () => {
  const abort = new AbortController();
  const running = preview(() => {}, { signal: abort.signal });
  abort.abort();
  expect(await running).toMatchObject({ ok: false, error: 'it was broken off', tookMs: 0 });
  expect(aborted).toBe(true);
  expect(await preview(() => {}, { signal: abort.signal })).toMatchObject({ ok: false, error: 'it was broken off' });
});

test('does not wait for ever for a source that does not end', async () => {
  const endless: Source['run'] = () => new Promise(() => {});
  const { error, tookMs } = await over(
    preview(() => {}, { timeoutMs: 500 }, { run: endless }),
    10_000,
  );
  expect([error, tookMs]).toEqual(['nothing came within 500 ms', 2_500]);
});

test('counts what was refused, and tells the first of the reasons', async () => {
  const running = preview(async (sink) => {
    for (let i = 0; i < 50; i++) sink.refused(`line ${i} is no row`);
    await sink.publish(TOPIC, 'append', 1);
  });
  const { refusals, refused } = await over(running, 300);
  expect(refusals).toBe(50);
  expect(refused).toHaveLength(10);
  expect(refused[0]).toBe('line 0 is no row');
});

test('tells the topics of a family that something came to, so many of them', async () => {
  const families = [{ pattern: parseTopicPattern('plant/+'), kind: 'state' as const }];
  const running = preview(
    async (sink) => {
      for (let i = 0; i < 1_000; i++) await sink.publish(parseTopicName(`plant/n${i}`), 'replace', i);
    },
    {},
    { topics: [], families },
  );
  const { topics } = await over(running, 300);
  expect(topics).toHaveLength(20);
  expect(topics[0]).toMatchObject({ topic: 'plant/n0', kind: 'state', rows: [0], rowCount: 1 });
});

test('of what publishes where it may not fails as it would', async () => {
  const running = preview((sink) => sink.publish(parseTopicName('elsewhere'), 'append', 1));
  expect((await running).error).toBe('the source does not feed the topic elsewhere');
});

test('tells so many rows as are wanted, of so many bytes, and counts all', async () => {
  const long = { text: 'x'.repeat(1_000_000) };
  const running = preview(
    async (sink) => {
      for (let i = 0; i < 20; i++) await sink.publish(TOPIC, 'append', long);
    },
    { rows: 10 },
  );
  const [topic] = (await over(running, 300)).topics;
  expect([topic?.rows.length, topic?.rowCount]).toEqual([4, 20]);
});

test.each<[JsonObject, string]>([
  [{ region: 'sh' }, 'there is no parameter "region"; there is none'],
  [JSON.parse('{"__proto__":"x"}'), 'there is no parameter "__proto__"; there is none'],
])('takes no parameters %j that there are none of', async (params, says) => {
  await expect(preview(() => {}, { params: params as Record<string, string> })).rejects.toThrow(says);
});
