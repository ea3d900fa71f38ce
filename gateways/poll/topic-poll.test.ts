import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { type Answer, ask } from '../http/http-client.contract.ts';
import { pollGateway } from './server.ts';

interface Line {
  readonly id?: number;
  readonly subscribe?: { readonly topic: number; readonly recovered: boolean; readonly offset: number };
  readonly t?: number;
  readonly r?: number;
  readonly d?: unknown;
  readonly end?: object;
  readonly cursor?: string;
}

const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(pollGateway, options);
  return open.bed;
}

const linesOf = ({ text }: Answer) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** What the five lines of a page do. */
async function poll(bed: GatewayBed, query: string, cursor = ''): Promise<Line[]> {
  const answer = await ask(bed.port, `/poll?${query}&cursor=${cursor}`);
  expect(answer.status).toBe(200);
  const lines = linesOf(answer);
  expect(lines.at(-1)).toEqual({ cursor: answer.headers['x-tidewall-cursor'] });
  return lines;
}

const cursorOf = (lines: readonly Line[]) => lines.at(-1)?.cursor ?? '';
const waiting = (bed: GatewayBed) => bed.meter.value('tidewall_gateway_connections', { gateway: 'poll' });

test('[W57] the first answer comes at once, the next one with the next publication', async () => {
  const bed = await bedWith();
  await bed.publish('a', 1);
  const first = await poll(bed, 'topic=b&topic=a');
  expect(first.map(({ id }) => id)).toEqual([1, 2, undefined, undefined]);
  expect(first[2]).toMatchObject({ t: first[1]?.subscribe?.topic, r: 1, d: 1 });
  const next = poll(bed, 'topic=b&topic=a', cursorOf(first));
  await bed.until(() => waiting(bed) === 1 && bed.watchers('a') === 1);
  await bed.publish('b', 2);
  const lines = await next;
  expect(lines).toMatchObject([
    { id: 1 },
    { id: 2, subscribe: { recovered: true } },
    { t: lines[0]?.subscribe?.topic, d: 2 },
    { cursor: expect.any(String) },
  ]);
  expect(waiting(bed)).toBe(0);
  expect(bed.watchers('a')).toBe(0);
});

test('[W57] when nothing comes, the answer comes at its time and leads to where the client is', async () => {
  const bed = await bedWith();
  await bed.publish('a', 1);
  const cursor = cursorOf(await poll(bed, 'topic=a'));
  let done = false;
  const next = poll(bed, 'topic=a&waitMs=3000', cursor).finally(() => {
    done = true;
  });
  await bed.until(() => bed.watchers('a') === 1);
  const from = bed.clock.monotonic();
  await bed.until(() => done);
  expect(bed.clock.monotonic() - from).toBeGreaterThanOrEqual(2900);
  const lines = await next;
  expect(lines).toHaveLength(2);
  expect(cursorOf(lines)).toBe(cursor);
});

test('[W57] topics that nothing was published to are waited for, and lose nothing', async () => {
  const bed = await bedWith();
  const cursor = cursorOf(await poll(bed, 'topic=a&topic=b&kind=log'));
  // The server lets go of names that were only looked at, and they get other epochs.
  await bed.until(() => bed.hub.topics(PUBLISHER).length === 0);
  let done = false;
  const next = poll(bed, 'topic=a&topic=b&kind=log&waitMs=1000', cursor).finally(() => {
    done = true;
  });
  await bed.until(() => bed.watchers('a') === 1);
  expect(done).toBe(false);
  await bed.until(() => done);
  const later = cursorOf(await next);
  for (let i = 1; i <= 3; i++) await bed.publish('a', i, 'log');
  const lines = await poll(bed, 'topic=a&topic=b&kind=log', later);
  expect(lines.filter(({ t }) => t !== undefined).map(({ d }) => d)).toEqual([1, 2, 3]);
});

test('[W57] whatever is published whenever, a loop gets it once and in order', async () => {
  const steps = fc.array(fc.constantFrom('a', 'b', 'poll', 'flush'), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const bed = await openGatewayBed(pollGateway, { settings: { a: { kind: 'log' }, b: { kind: 'log' } } });
      const got: unknown[] = [];
      let cursor = cursorOf(await poll(bed, 'topic=a&topic=b'));
      let asked: Promise<void> | undefined;
      let settled = false;
      const askNext = () => {
        settled = false;
        asked = poll(bed, 'topic=b&topic=a', cursor).then((lines) => {
          cursor = cursorOf(lines);
          got.push(...lines.flatMap(({ d }) => (d === undefined ? [] : [d])));
          settled = true;
        });
      };
      const published: number[] = [];
      for (const [i, step] of run.entries()) {
        if (step === 'flush') await bed.clock.advance(bed.windowMs);
        else if (step === 'poll') {
          if (asked === undefined || settled) askNext();
        } else {
          published.push(i);
          await bed.hub.publish(PUBLISHER, { topic: step, data: i });
        }
      }
      while (got.length < published.length) {
        if (asked === undefined || settled) askNext();
        await bed.until(() => settled);
      }
      expect(got.toSorted((x, y) => Number(x) - Number(y))).toEqual(published);
      for (const parity of ['a', 'b']) {
        const own = published.filter((i) => run[i] === parity);
        expect(got.filter((i) => own.includes(Number(i)))).toEqual(own);
      }
      if (asked !== undefined && !settled) bed.gateway.close();
      await Promise.race([asked?.catch(() => {}), bed.close()]);
    }),
    { numRuns: 60 },
  );
});

test('[W57] who asks for more than an answer holds gets all of it by and by, each topic in its turn', async () => {
  const bed = await bedWith({ limits: { highWaterBytes: 4096 } });
  const topics = Array.from({ length: 8 }, (_, i) => `t/${i}`);
  for (const topic of topics) await bed.publish(topic, { text: topic.padEnd(3000, 'x') });
  const query = topics.map((topic) => `topic=${topic}`).join('&');
  const seen = new Set<string>();
  let cursor = '';
  for (let round = 0; seen.size < topics.length; round++) {
    expect(round).toBeLessThan(8);
    const lines = await poll(bed, query, cursor);
    expect(lines.filter(({ t }) => t !== undefined).length).toBeLessThanOrEqual(2);
    for (const { d } of lines) if (d) seen.add((d as { text: string }).text.replace(/x+$/, ''));
    cursor = cursorOf(lines);
  }
  expect([...seen].toSorted()).toEqual(topics);
});

test('[W57] a topic that begins anew while somebody waits is told, and comes as the whole', async () => {
  const bed = await bedWith();
  await bed.publish('a', 1);
  const cursor = cursorOf(await poll(bed, 'topic=a'));
  const next = poll(bed, 'topic=a', cursor);
  await bed.until(() => bed.watchers('a') === 1);
  await bed.hub.forget(PUBLISHER, 'a');
  const lines = await next;
  expect(lines[1]).toMatchObject({ end: { code: 2500 } });
  await bed.publish('a', 2);
  expect(await poll(bed, 'topic=a', cursorOf(lines))).toMatchObject([
    { subscribe: { recovered: false } },
    { r: 1, d: 2 },
    {},
  ]);
});

test('[W57] who is gone is not waited for', async () => {
  const bed = await bedWith();
  await bed.publish('a', 1);
  const cursor = cursorOf(await poll(bed, 'topic=a'));
  const before = bed.clock.pending;
  const gone = new AbortController();
  const asked = ask(bed.port, `/poll?topic=a&cursor=${cursor}`, { signal: gone.signal }).catch(() => {});
  await bed.until(() => bed.watchers('a') === 1);
  gone.abort();
  await asked;
  await bed.until(() => waiting(bed) === 0);
  expect(bed.watchers('a')).toBe(0);
  expect(bed.meter.value('tidewall_sessions')).toBe(0);
  expect(bed.clock.pending).toBe(before);
});

test.each([
  ['', 'topic: name at least one'],
  ['topic=a&wait=1', '"wait" is not known here'],
  ['topic=a&waitMs=60001', 'waitMs must be a whole number from 0 to 60000, got "60001"'],
  ['topic=a&cursor=,', 'cursor: "," is not one that was given here'],
  ['topic=a/%23', '"a/#" is a pattern'],
])('[W57] /poll?%s is refused, and the place named', async (query, message) => {
  const bed = await bedWith();
  const { status, text } = await ask(bed.port, `/poll?${query}`);
  expect(status).toBe(400);
  expect((JSON.parse(text) as { error: { message: string } }).error.message).toContain(message);
});

test('[W57] a server that is full, or stops, says when to come back', async () => {
  const bed = await bedWith({ limits: { sessions: 1 } });
  const cursor = cursorOf(await poll(bed, 'topic=a'));
  const held = ask(bed.port, `/poll?topic=a&cursor=${cursor}`);
  await bed.until(() => bed.watchers('a') === 1);
  expect((await ask(bed.port, '/poll?topic=b')).status).toBe(429);
  await bed.gateway.drain(new AbortController().signal);
  expect((await held).status).toBe(200);
  const { status, headers, text } = await ask(bed.port, '/poll?topic=a');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(JSON.parse(text)).toMatchObject({ bye: { code: 4001 } });
});
