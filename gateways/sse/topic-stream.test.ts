import { connect } from 'node:net';
import type { PushFrame } from '@tidewall/protocol';
import { startTestHost } from '@tidewall/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { ask } from '../http/http-client.contract.ts';
import { EventReader } from './event-reader.contract.ts';
import { sseGateway } from './server.ts';

const open: { bed?: GatewayBed; readers: EventReader[] } = { readers: [] };

afterEach(async () => {
  for (const reader of open.readers.splice(0)) reader.cut();
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(sseGateway, options);
  return open.bed;
}

const LOGS = { settings: { a: { kind: 'log' }, b: { kind: 'log' } } } as const;

async function follow(bed: GatewayBed, query: string, lastEventId = ''): Promise<EventReader> {
  const reader = await EventReader.open(bed.port, `/sse?${query}`, lastEventId);
  open.readers.push(reader);
  return reader;
}

/** The data of a log's pushes, until so many have come. */
async function entries(reader: EventReader, count: number): Promise<unknown[]> {
  const got: unknown[] = [];
  while (got.length < count) {
    const { d, r } = (await reader.json()) as unknown as PushFrame;
    if (d !== undefined) got.push(...(r === 1 ? (d as unknown[]) : [d]));
  }
  return got;
}

describe('topics without a session', () => {
  test('[W54] the answers come first and in the order of the topics, then pushes, each an event', async () => {
    const bed = await bedWith();
    await bed.publish('one', { v: 1 });
    await bed.publish('two', { v: 2 });
    const reader = await follow(bed, 'topic=two&topic=none&topic=one');
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const answers = [await reader.json(), await reader.json(), await reader.json()];
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3]);
    const [two, none, one] = answers.map(({ subscribe }) => (subscribe as unknown as { topic: number }).topic);
    expect([await reader.json(), await reader.json()]).toMatchObject([
      { t: two, r: 1, d: { v: 2 } },
      { t: one, r: 1, d: { v: 1 } },
    ]);
    await bed.publish('none', 3);
    expect(await reader.json()).toMatchObject({ t: none, o: 1, d: 3 });
    expect(reader.retryMs).toBeGreaterThanOrEqual(500);
    expect(reader.retryMs).toBeLessThanOrEqual(2000);
  });

  test('[W54] the options of subscribe count for all of them', async () => {
    const bed = await bedWith({ settings: { a: { kind: 'log' }, b: { kind: 'log' } } });
    for (let i = 1; i <= 5; i++) for (const topic of ['a', 'b']) await bed.publish(topic, { i, x: 0 });
    const filter = encodeURIComponent('["i","ne",4]');
    const reader = await follow(bed, `topic=a&topic=b&rewind=3&filter=${filter}&fields=i&rateHz=1000&kind=log`);
    await reader.json();
    await reader.json();
    expect(await entries(reader, 4)).toEqual([{ i: 3 }, { i: 5 }, { i: 3 }, { i: 5 }]);
    const delta = await follow(bed, 'topic=c&delta=1');
    await delta.json();
    await bed.publish('c', { a: 'x'.repeat(50), b: 1 });
    await bed.publish('c', { a: 'x'.repeat(50), b: 2 });
    expect([await delta.json(), await delta.json()]).toMatchObject([{ d: { b: 1 } }, { m: { b: 2 } }]);
  });

  test.each([
    ['topic=a&rate=1', '"rate" is not known here'],
    ['topic=a&rateHz=fast', 'rateHz must be a number, got "fast"'],
    ['topic=a&rateHz=0', 'subscribe.rateHz'],
    ['topic=a&rateHz=1&rateHz=2', 'rateHz is there more than once'],
    ['topic=a&rewind=', 'rewind must be a number'],
    ['topic=a&delta=yes', 'delta must be 1 or 0'],
    ['topic=a&filter=[', 'filter must be JSON'],
    ['topic=a&filter=["v","like",1]', 'subscribe.filter'],
    ['topic=a&fields=', 'subscribe.fields'],
    ['topic=a&kind=table-ish', 'subscribe.kind'],
    ['topic=a&cursor=nowhere', 'cursor: "nowhere" is not one that was given here'],
    ['topic=a/%2B/b', '"a/+/b" is a pattern'],
    ['topic=a//b', 'topic'],
    ['since=1', '"since" alone means nothing'],
  ])('[W54] %s is refused, and the place named', async (query, message) => {
    const bed = await bedWith();
    const { status, text } = await ask(bed.port, `/sse?${query}`);
    expect(status).toBe(400);
    const { error } = JSON.parse(text) as { error: { name: string; message: string } };
    expect(error.name).toBe('bad_request');
    expect(error.message).toContain(message);
    expect(bed.rejections('sse')).toBe(1);
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: 'sse' }) === 0);
    expect(bed.meter.value('tidewall_sessions')).toBe(0);
  });

  test('[W54] an address that leaves no room for the id beside it is refused at once, and not when its page comes back', async () => {
    const host = await startTestHost({ settings: { host: '127.0.0.1' } });
    try {
      const topics = Array.from({ length: 200 }, (_, i) => `topic=${'x'.repeat(50)}${i}`);
      const address = `/sse?${topics.join('&')}&rewind=`;
      const addressOf = (length: number) => address + '1'.padStart(length - address.length, '0');
      const { status, text } = await ask(host.port, addressOf(12 * 1024 + 1));
      expect([status, JSON.parse(text).error.name]).toEqual([400, 'bad_request']);
      expect(text).toContain('the address has 12289 characters, at most 12288 are taken: follow fewer topics');
      let lastEventId = '';
      for (let stream = 0; stream < 2; stream++) {
        const reader = await EventReader.open(host.port, addressOf(12 * 1024), lastEventId);
        open.readers.push(reader);
        expect(reader.status).toBe(200);
        for (const _ of topics) expect(await reader.json()).toHaveProperty('subscribe');
        lastEventId = reader.lastEventId;
      }
      expect(lastEventId.length).toBeGreaterThan(4096);
    } finally {
      await host.close();
    }
  });

  test('[W54] a topic that is refused refuses the stream, with the status that says why', async () => {
    const bed = await bedWith(LOGS);
    const refused = await ask(bed.port, '/sse?topic=c&topic=a&kind=state');
    expect([refused.status, JSON.parse(refused.text).error.name]).toEqual([409, 'wrong_kind']);
    await bed.until(() => bed.meter.value('tidewall_sessions') === 0);
    for (const method of ['PUT', 'POST', 'DELETE']) {
      expect((await ask(bed.port, '/sse?topic=a', { method })).status).toBe(405);
    }
  });
});

describe('coming back', () => {
  test('[W55] after a cut at any event all topics go on where they were, by header or address', async () => {
    const steps = fc.array(fc.constantFrom('a', 'b', 'flush', 'cut', 'cut'), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (run, byHeader) => {
        const bed = await openGatewayBed(sseGateway, LOGS);
        const got: unknown[] = [];
        const published: number[] = [];
        let reader = await EventReader.open(bed.port, '/sse?topic=a&topic=b');
        for (let i = 0; i < 2; i++) await reader.json();
        const readAll = async () => {
          await bed.clock.advance(bed.windowMs);
          // What is on its way before this has come when this has.
          await bed.hub.publish(PUBLISHER, { topic: 'b', data: 'mark' });
          await bed.clock.advance(bed.windowMs);
          for (;;) {
            const { d } = (await reader.json()) as unknown as PushFrame;
            if (d === 'mark') return;
            if (d !== undefined) got.push(d);
          }
        };
        for (const [i, step] of run.entries()) {
          if (step === 'flush') await readAll();
          else if (step === 'cut') {
            const { lastEventId } = reader;
            reader.cut();
            // What had come but was not looked at has been handed over all the same.
            for (const data of reader.taken()) {
              const { d } = JSON.parse(data) as PushFrame;
              if (d !== undefined && d !== 'mark') got.push(d);
            }
            const path = '/sse?topic=b&topic=a';
            reader = byHeader
              ? await EventReader.open(bed.port, path, lastEventId)
              : await EventReader.open(bed.port, `${path}&cursor=${lastEventId}`);
            await reader.json();
            await reader.json();
          } else {
            published.push(i);
            await bed.hub.publish(PUBLISHER, { topic: step, data: i });
          }
        }
        await readAll();
        reader.cut();
        await bed.close();
        expect(got.toSorted((x, y) => Number(x) - Number(y))).toEqual(published);
      }),
      { numRuns: 60 },
    );
  });

  test('[W55] of events that were written together the last has the id, and those before it come again with the same o', async () => {
    const bed = await bedWith(LOGS);
    const first = await follow(bed, 'topic=a&topic=b');
    for (let i = 0; i < 2; i++) await first.json();
    const { lastEventId } = first;
    await bed.publish('a', 'before');
    const before = await first.next();
    expect(before?.lastEventId).not.toBe(lastEventId);
    await Promise.all(['a', 'b', 'a'].map((topic) => bed.hub.publish(PUBLISHER, { topic, data: topic })));
    await bed.clock.advance(bed.windowMs);
    const together = [await first.next(), await first.next(), await first.next()];
    const ids = together.map((event) => event?.lastEventId);
    expect(ids.slice(0, 2)).toEqual([before?.lastEventId, before?.lastEventId]);
    const again = await follow(bed, 'topic=a&topic=b', ids[0]);
    for (let i = 0; i < 2; i++) expect(await again.json()).toMatchObject({ subscribe: { recovered: true } });
    const repeated = [await again.next(), await again.next(), await again.next()];
    const placed = (events: typeof together) => events.map((event) => (JSON.parse(event?.data ?? '') as PushFrame).o);
    expect(placed(repeated).toSorted()).toEqual(placed(together).toSorted());
    const last = await follow(bed, 'topic=a&topic=b', ids[2]);
    for (let i = 0; i < 2; i++) await last.json();
    await bed.publish('a', 'after');
    expect(await last.json()).toMatchObject({ d: 'after' });
  });

  test('[W55] a position that is not kept is told, and what is held comes as the whole', async () => {
    const bed = await bedWith({ settings: { a: { kind: 'state' } } });
    await bed.publish('a', 1);
    const first = await follow(bed, 'topic=a');
    await first.json();
    await first.json();
    const { lastEventId } = first;
    first.cut();
    await bed.hub.forget(PUBLISHER, 'a');
    await bed.publish('a', 2);
    for (const id of [lastEventId, 'somebody-elses', `AAAAAAAA1:x`, 'ÿ']) {
      const again = await follow(bed, 'topic=a', id);
      expect(await again.json()).toMatchObject({ subscribe: { recovered: false } });
      expect(await again.json()).toMatchObject({ r: 1, d: 2 });
    }
  });

  test('[W55] what was published to a topic that was not there yet is not lost', async () => {
    const bed = await bedWith();
    const first = await follow(bed, 'topic=later&kind=log');
    await first.json();
    const { lastEventId } = first;
    expect(lastEventId).not.toBe('');
    first.cut();
    await bed.until(() => bed.watchers('later') === 0);
    for (let i = 1; i <= 3; i++) await bed.publish('later', i, 'log');
    const again = await follow(bed, 'topic=later', lastEventId);
    expect(await again.json()).toMatchObject({ subscribe: { kind: 'log' } });
    expect(await entries(again, 3)).toEqual([1, 2, 3]);
  });

  test('[W55] a stream of which a topic begins anew ends, so that its client comes back for all of them', async () => {
    const bed = await bedWith();
    await bed.publish('a', 1);
    await bed.publish('b', 1);
    const [reader, other] = [await follow(bed, 'topic=a&topic=b'), await follow(bed, 'topic=b')];
    for (let i = 0; i < 4; i++) await reader.json();
    await bed.hub.forget(PUBLISHER, 'a');
    expect(await reader.json()).toMatchObject({ end: { code: 2500 } });
    expect(await reader.next()).toBeUndefined();
    await bed.publish('b', 2);
    const again = await follow(bed, 'topic=a&topic=b', reader.lastEventId);
    expect(await again.json()).toMatchObject({ subscribe: { recovered: false, offset: 0 } });
    expect(await again.json()).toMatchObject({ subscribe: { recovered: true } });
    for (let i = 0; i < 3; i++) await other.json();
    await bed.publish('b', 3);
    expect(await other.json()).toMatchObject({ d: 3 });
  });

  test('[W56] a server that stops says when to come back, each at another time; a final code keeps away', async () => {
    const bed = await bedWith({ limits: { sessions: 3 } });
    const readers = [await follow(bed, 'topic=a'), await follow(bed, 'topic=b'), await follow(bed, 'topic=c')];
    for (const reader of readers) await reader.json();
    const full = await follow(bed, 'topic=d');
    expect(full.status).toBe(200);
    expect(await full.json()).toMatchObject({ bye: { code: 4504, afterMs: [10_000, 20_000] } });
    expect(full.retryMs).toBeGreaterThanOrEqual(10_000);
    expect(await full.next()).toBeUndefined();
    await bed.gateway.drain(new AbortController().signal);
    for (const reader of [...readers, await follow(bed, 'topic=a')]) {
      expect(await reader.json()).toMatchObject({ bye: { code: 4001, afterMs: [500, 1000] } });
      expect(await reader.next()).toBeUndefined();
      expect(reader.retryMs).toBeGreaterThanOrEqual(500);
      expect(reader.retryMs).toBeLessThanOrEqual(1000);
      expect(reader.lastEventId).not.toBe('stay-away');
    }
  });
});

describe('bounds', () => {
  const connections = (bed: GatewayBed) => bed.meter.value('tidewall_gateway_connections', { gateway: 'sse' });

  test('[W54] a stream on which nothing happens is kept alive by comments', async () => {
    const bed = await bedWith({ limits: { pingMs: 5000 } });
    const reader = await follow(bed, 'topic=a');
    await reader.json();
    await bed.until(() => reader.comments === 1);
    const first = bed.clock.monotonic();
    await bed.clock.advance(3000);
    expect(reader.comments).toBe(1);
    await bed.until(() => reader.comments === 2);
    expect(bed.clock.monotonic() - first).toBeGreaterThanOrEqual(5000);
  });

  test('[W25] one that does not read holds up nobody, and is let go after noProgressMs', async () => {
    const bed = await bedWith();
    const [stalled, good] = [await follow(bed, 'topic=a&kind=log'), await follow(bed, 'topic=a&kind=log')];
    await good.json();
    await stalled.json();
    stalled.pause();
    const text = 'x'.repeat(100_000);
    let published = 0;
    while (bed.refusedWrites() === 0) {
      await bed.publish('a', { i: ++published, text });
      expect(await good.json()).toMatchObject({ d: { i: published } });
      expect(published).toBeLessThan(500);
    }
    await bed.clock.advance(29_000);
    expect(bed.watchers('a')).toBe(2);
    await bed.clock.advance(3_000);
    expect(bed.watchers('a')).toBe(1);
    await bed.until(() => connections(bed) === 1);
    expect(bed.meter.value('tidewall_closes_total', { gateway: 'sse', code: '4008' })).toBe(1);
  });

  test('[W54] a stream that is asked for behind another on one connection is refused', async () => {
    const bed = await bedWith();
    const socket = connect(bed.port, '127.0.0.1');
    const head = 'GET /sse?topic=a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    socket.write(head + head + head);
    await bed.until(() => bed.rejections('sse') === 2);
    expect(connections(bed)).toBe(1);
    socket.destroy();
    await bed.until(() => connections(bed) === 0);
    expect(bed.meter.value('tidewall_sessions')).toBe(0);
  });

  test('no timer is left when the last stream has gone', async () => {
    const bed = await bedWith();
    const before = bed.clock.pending;
    const reader = await follow(bed, 'topic=a');
    await reader.json();
    reader.cut();
    await bed.until(() => connections(bed) === 0 && bed.hub.topics(PUBLISHER).length === 0);
    expect(bed.clock.pending).toBe(before);
  });
});
