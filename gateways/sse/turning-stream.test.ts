import type { PushFrame, SubscribeReply, TopicKind } from '@tidewall/protocol';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { EventReader, type ReadEvent } from './event-reader.contract.ts';
import { sseGateway } from './server.ts';

const open: { bed?: GatewayBed; readers: EventReader[] } = { readers: [] };

afterEach(async () => {
  for (const reader of open.readers.splice(0)) reader.cut();
  await open.bed?.close();
  delete open.bed;
});

const MAX_AGE_MS = 20_000;
const SETTINGS = { log: { kind: 'log' }, state: { kind: 'state' }, signal: { kind: 'signal' } } as const;

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(sseGateway, { gateway: { maxAgeMs: MAX_AGE_MS }, settings: SETTINGS, ...options });
  return open.bed;
}

async function follow(bed: GatewayBed, query: string, lastEventId = ''): Promise<EventReader> {
  const reader = await EventReader.open(bed.port, `/sse?${query}`, lastEventId);
  open.readers.push(reader);
  return reader;
}

/** Lets the stream live for its time, and reads it to its end. */
async function turned(bed: GatewayBed, reader: EventReader): Promise<ReadEvent[]> {
  let events: ReadEvent[] | undefined;
  const ending = reader.rest().then((rest) => {
    events = rest;
  });
  // A tenth of its time earlier it lives.
  await bed.clock.advance(MAX_AGE_MS * 0.9 - 1000);
  await bed.until(() => events !== undefined);
  await ending;
  return events as unknown as ReadEvent[];
}

interface Line extends Partial<PushFrame> {
  readonly id?: number;
  readonly subscribe?: SubscribeReply;
}

const linesOf = (events: readonly ReadEvent[]) =>
  events.filter(({ type }) => type === 'message').map(({ data }) => JSON.parse(data) as Line);
const sessions = (bed: GatewayBed) => bed.meter.value('tidewall_sessions');
const closes = (bed: GatewayBed, code: number) =>
  bed.meter.value('tidewall_closes_total', { gateway: 'sse', code: String(code) });

test('[W58] a stream of topics ends when it has lived for its time, give or take a tenth, and says when to come back', async () => {
  const bed = await bedWith();
  const lives: number[] = [];
  for (let i = 0; i < 8; i++) {
    const reader = await follow(bed, 'topic=state');
    const from = bed.clock.monotonic();
    const last = (await turned(bed, reader)).at(-1);
    lives.push(bed.clock.monotonic() - from);
    expect(last).toMatchObject({ type: 'tidewall.again', lastEventId: expect.stringMatching(/;[\w-]{22}$/) });
    expect(reader.retryMs).toBeGreaterThanOrEqual(100);
    expect(reader.retryMs).toBeLessThanOrEqual(500);
  }
  const [shortest = 0, longest = 0] = [Math.min(...lives), Math.max(...lives)];
  expect(shortest).toBeGreaterThanOrEqual(MAX_AGE_MS * 0.9);
  // It is looked about once a second.
  expect(longest).toBeLessThanOrEqual(MAX_AGE_MS * 1.1 + 1100);
  expect(longest - shortest).toBeGreaterThan(MAX_AGE_MS * 0.1);
});

test('[W58] whatever is published whenever, over any number of streams nothing is missed and nothing doubled', async () => {
  const names: readonly TopicKind[] = ['log', 'state', 'signal'];
  const steps = fc.array(fc.constantFrom('log', 'state', 'signal', 'flush', 'turn', 'turn'), {
    minLength: 1,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (run, byHeader) => {
      const bed = await openGatewayBed(sseGateway, { gateway: { maxAgeMs: MAX_AGE_MS }, settings: SETTINGS });
      const got: Record<string, unknown[]> = { log: [], state: [], signal: [] };
      const published: Record<string, unknown[]> = { log: [], state: [], signal: [] };
      const query = `/sse?${names.map((name) => `topic=${name}`).join('&')}`;
      let numbers = new Map<number, string>();
      const take = (lines: readonly Line[]) => {
        for (const { id, subscribe, t, d, m } of lines) {
          if (subscribe !== undefined) numbers.set(subscribe.topic, names[(id ?? 0) - 1] ?? '');
          else if (d !== undefined || m !== undefined) got[numbers.get(t ?? 0) ?? '']?.push(d ?? m);
        }
      };
      let reader = await EventReader.open(bed.port, query);
      for (const [i, step] of run.entries()) {
        if (step === 'flush') await bed.clock.advance(bed.windowMs);
        else if (step !== 'turn') {
          published[step]?.push(i);
          await bed.hub.publish(PUBLISHER, { topic: step, data: i });
        } else {
          take(linesOf(await turned(bed, reader)));
          const { lastEventId } = reader;
          // The next publications come while it is away.
          const away = run[i + 1];
          if (away !== undefined && away !== 'turn' && away !== 'flush') {
            published[away]?.push(`away ${i}`);
            await bed.hub.publish(PUBLISHER, { topic: away, data: `away ${i}` });
          }
          // A number means nothing in another connection.
          numbers = new Map();
          reader = byHeader
            ? await EventReader.open(bed.port, query, lastEventId)
            : await EventReader.open(bed.port, `${query}&cursor=${encodeURIComponent(lastEventId)}`);
        }
      }
      take(linesOf(await turned(bed, reader)));
      await bed.close();
      expect([got['log'], got['signal']]).toEqual([published['log'], published['signal']]);
      // Of a state that changes fast the newest is told, once.
      expect(got['state']?.at(-1)).toEqual(published['state']?.at(-1));
      expect(new Set(got['state']).size).toBe(got['state']?.length);
    }),
    { numRuns: 40 },
  );
});

test('[W58] who comes back is answered as ever, for every topic where it was and as fresh as it was then', async () => {
  const bed = await bedWith({ settings: { log: { kind: 'log', expectEveryMs: 2000 } } });
  await bed.publish('log', 1);
  const first = await follow(bed, 'topic=state&topic=log');
  const [one, two] = linesOf([await first.next(), await first.next()] as ReadEvent[]);
  await bed.publish('log', 2);
  await turned(bed, first);
  await bed.publish('log', 3);
  const again = await follow(bed, 'topic=state&topic=log', first.lastEventId);
  const lines = linesOf(await turned(bed, again));
  expect(lines.slice(0, 2)).toEqual([
    { id: 1, subscribe: { ...one?.subscribe, recovered: true } },
    {
      id: 2,
      subscribe: {
        ...two?.subscribe,
        recovered: true,
        offset: 2,
        freshness: expect.objectContaining({ state: 'stale' }),
      },
    },
  ]);
  expect(lines.find(({ d }) => d !== undefined)).toMatchObject({ t: two?.subscribe?.topic, o: 3, d: 3 });
  expect(again.headers['content-type']).toContain('text/event-stream');
});

test('[W58] who does not come back is gone after ten seconds, and nothing of it is left', async () => {
  const bed = await bedWith();
  const before = bed.clock.pending;
  const reader = await follow(bed, 'topic=state');
  await turned(bed, reader);
  expect([sessions(bed), bed.watchers('state')]).toEqual([1, 1]);
  await bed.clock.advance(8000);
  expect(sessions(bed)).toBe(1);
  await bed.clock.advance(3000);
  expect(sessions(bed)).toBe(0);
  expect(closes(bed, 4012)).toBe(1);
  await bed.until(() => bed.hub.topics(PUBLISHER).length === 0);
  expect(bed.clock.pending).toBe(before);
});

test('[W58] later it goes on from its position, as after a cut', async () => {
  const bed = await bedWith();
  const first = await follow(bed, 'topic=log&topic=signal');
  await bed.publish('log', 1);
  await turned(bed, first);
  await bed.publish('log', 2);
  await bed.publish('signal', 1);
  await bed.until(() => sessions(bed) === 0);
  const again = await follow(bed, 'topic=log&topic=signal', first.lastEventId);
  const [log, signal, ...pushes] = linesOf(await turned(bed, again));
  expect([log?.subscribe?.recovered, signal?.subscribe?.recovered]).toEqual([true, false]);
  expect(pushes.flatMap(({ d }) => (d === undefined ? [] : [d]))).toEqual([2]);
});

test('[W58] an id brings back one client once, of the one whom it was given to, to what it followed', async () => {
  let caller = 'a';
  const bed = await bedWith({ identify: () => ({ id: caller, roles: [] }) });
  const first = await follow(bed, 'topic=signal');
  await turned(bed, first);
  await bed.publish('signal', 'missed');
  const { lastEventId } = first;
  const heard = async (reader: EventReader) => linesOf(await turned(bed, reader)).some(({ d }) => d === 'missed');
  caller = 'b';
  const stranger = await follow(bed, 'topic=signal', lastEventId);
  caller = 'a';
  const other = await follow(bed, 'topic=signal&topic=log', lastEventId);
  expect(sessions(bed)).toBe(3);
  const back = await follow(bed, 'topic=signal', lastEventId);
  const twice = await follow(bed, 'topic=signal', lastEventId);
  expect(sessions(bed)).toBe(4);
  expect(await Promise.all([stranger, other, back, twice].map(heard))).toEqual([false, false, true, false]);
});

test('[W58] more than high water is not kept for who is away; of a log it comes all the same', async () => {
  const bed = await bedWith({ limits: { highWaterBytes: 4096 } });
  const first = await follow(bed, 'topic=log');
  await turned(bed, first);
  const text = 'x'.repeat(1000);
  for (let i = 0; i < 50; i++) await bed.publish('log', { i, text });
  expect(bed.refusedWrites()).toBeGreaterThan(0);
  const again = await follow(bed, 'topic=log', first.lastEventId);
  const entries = linesOf(await turned(bed, again)).flatMap(({ d }) => (d === undefined ? [] : [d]));
  expect(entries).toEqual(Array.from({ length: 50 }, (_, i) => ({ i, text })));
});

test('[W58] who is slow to read is there, and is asked to come back when all of it is taken', async () => {
  const bed = await bedWith({ limits: { noProgressMs: 1e9 } });
  const reader = await follow(bed, 'topic=log');
  await reader.next();
  reader.pause();
  let published = 0;
  while (bed.refusedWrites() === 0) await bed.publish('log', { i: published++, text: 'x'.repeat(100_000) });
  await bed.clock.advance(2 * MAX_AGE_MS);
  reader.resume();
  const entries = linesOf(await turned(bed, reader)).flatMap(({ d }) => (d === undefined ? [] : [d]));
  expect(entries).toHaveLength(published);
  expect(reader.lastEventId).toContain(';');
});

test('[W58] a topic that begins anew while its client is away is told as after a cut', async () => {
  const bed = await bedWith();
  await bed.publish('log', 1);
  const first = await follow(bed, 'topic=log&topic=state');
  await turned(bed, first);
  await bed.hub.forget(PUBLISHER, 'log');
  await bed.until(() => sessions(bed) === 0);
  await bed.publish('log', 2);
  const again = await follow(bed, 'topic=log&topic=state', first.lastEventId);
  const lines = linesOf(await turned(bed, again));
  expect(lines.map(({ subscribe }) => subscribe?.recovered).slice(0, 2)).toEqual([false, true]);
  expect(lines).toContainEqual(expect.objectContaining({ r: 1, d: [2] }));
});

test('[W36] a server that stops waits for nobody who is away', async () => {
  const bed = await bedWith();
  await turned(bed, await follow(bed, 'topic=log'));
  await bed.gateway.drain(new AbortController().signal);
  expect(sessions(bed)).toBe(0);
});

test.each([999, 86_400_001, 1.5, '5m'])('%j is no time that a stream may live', (maxAgeMs) => {
  expect(sseGateway.settings?.safeParse({ maxAgeMs }).success).toBe(false);
});
