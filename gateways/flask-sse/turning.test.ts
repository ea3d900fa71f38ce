import type { TopicKind } from '@tidewall/protocol';
import { EventSource } from 'eventsource';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { flaskSseGateway } from './server.ts';
import { type ReadEvent, StreamReader } from './wire.contract.ts';

/*
 * Pages keep nothing, and a channel of Redis neither. That a stream ends when it has lived for its time must be felt by
 * nobody all the same.
 */

const open: { bed?: GatewayBed; readers: StreamReader[]; sources: EventSource[] } = { readers: [], sources: [] };

afterEach(async () => {
  for (const reader of open.readers.splice(0)) reader.vanish();
  for (const source of open.sources.splice(0)) source.close();
  await open.bed?.close();
  delete open.bed;
});

const MAX_AGE_MS = 20_000;

function optionsOf(kind: TopicKind): GatewayBedOptions {
  return { gateway: { prefix: '', maxAgeMs: MAX_AGE_MS }, settings: { news: { kind } } };
}

async function bedOf(kind: TopicKind, options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(flaskSseGateway, { ...optionsOf(kind), ...options });
  return open.bed;
}

async function reading(bed: GatewayBed, lastEventId?: string, path = '/stream?channel=news'): Promise<StreamReader> {
  const reader = await StreamReader.open(bed.port, path, lastEventId);
  open.readers.push(reader);
  return reader;
}

/** Lets the stream live for its time; what its page was told. */
async function turned(bed: GatewayBed, { closed, reader }: StreamReader): Promise<ReadEvent[]> {
  let over = false;
  const ending = closed.then(() => {
    over = true;
  });
  await bed.clock.advance(MAX_AGE_MS * 0.9 - 1000);
  await bed.until(() => over);
  await ending;
  return reader.events.filter(({ type }) => type !== 'tidewall.again');
}

const sessions = (bed: GatewayBed) => bed.meter.value('tidewall_sessions');

test.each(['signal', 'log'] as const)('of a %s each message is told once, over any number of streams', async (kind) => {
  const steps = fc.array(fc.constantFrom('publish', 'publish', 'flush', 'turn'), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(3), async (run, whileAway) => {
      const bed = await openGatewayBed(flaskSseGateway, optionsOf(kind));
      const got: ReadEvent[] = [];
      let published = 0;
      const publish = () => bed.hub.publish(PUBLISHER, { topic: 'news', data: ++published });
      let reader = await StreamReader.open(bed.port, '/stream?channel=news');
      await bed.until(() => bed.watchers('news') === 1);
      for (const step of run) {
        if (step === 'publish') await publish();
        else if (step === 'flush') await bed.clock.advance(bed.windowMs);
        else {
          got.push(...(await turned(bed, reader)));
          for (let i = 0; i < whileAway; i++) await publish();
          reader = await StreamReader.open(bed.port, '/stream?channel=news', reader.reader.lastEventId);
        }
      }
      got.push(...(await turned(bed, reader)));
      await bed.close();
      expect(got.map(({ data }) => Number(data))).toEqual(Array.from({ length: published }, (_, i) => i + 1));
    }),
    { numRuns: 30 },
  );
});

test('a state is told again only when it has changed', async () => {
  const bed = await bedOf('state');
  await bed.publish('news', 1);
  const first = await reading(bed);
  expect((await turned(bed, first)).map(({ data }) => data)).toEqual(['1']);
  const second = await reading(bed, first.reader.lastEventId);
  expect(await turned(bed, second)).toEqual([]);
  await bed.publish('news', 2);
  const third = await reading(bed, second.reader.lastEventId);
  expect((await turned(bed, third)).map(({ data }) => data)).toEqual(['2']);
});

test('ids are those that the application gives, before and after', async () => {
  const bed = await bedOf('signal');
  const first = await reading(bed);
  await bed.until(() => bed.watchers('news') === 1);
  await bed.publish('news', { data: 'a' });
  await bed.publish('news', { data: 'b', id: '第七' });
  await bed.publish('news', { data: 'c', id: 0 });
  expect((await turned(bed, first)).map(({ id }) => id)).toEqual(['', '第七', '第七']);
  await bed.publish('news', { data: 'away' });
  const second = await reading(bed, first.reader.lastEventId);
  await bed.publish('news', { data: 'd' });
  await bed.publish('news', { data: 'e', id: 8 });
  await bed.publish('news', { data: 'f' });
  expect((await turned(bed, second)).map(({ id }) => id)).toEqual(['第七', '第七', '8', '8']);
  const third = await reading(bed, second.reader.lastEventId);
  await bed.publish('news', { data: 'g' });
  expect((await turned(bed, third)).map(({ id }) => id)).toEqual(['8']);
  // One that was cut off, and comes with what it had.
  const fourth = await reading(bed, '第九');
  await bed.until(() => bed.watchers('news') === 2);
  await bed.publish('news', { data: 'h' });
  expect((await turned(bed, fourth)).map(({ id }) => id)).toEqual(['第九']);
});

test('a page comes back soon, and then again in the time that is usual', async () => {
  const bed = await bedOf('signal');
  const first = await reading(bed);
  await turned(bed, first);
  expect(first.reader.retryMs).toBeGreaterThanOrEqual(100);
  expect(first.reader.retryMs).toBeLessThanOrEqual(500);
  const second = await reading(bed, first.reader.lastEventId);
  await bed.publish('news', 1);
  while ((await second.nextEvent()).data !== '1');
  expect(second.reader.retryMs).toBe(3000);
});

test('who comes back too late begins anew, without a trace of the id', async () => {
  const bed = await bedOf('signal');
  const first = await reading(bed);
  await turned(bed, first);
  expect(sessions(bed)).toBe(1);
  await bed.clock.advance(11_000);
  expect(sessions(bed)).toBe(0);
  expect(bed.meter.value('tidewall_closes_total', { gateway: 'flask-sse', code: '4012' })).toBe(1);
  const second = await reading(bed, first.reader.lastEventId);
  await bed.until(() => bed.watchers('news') === 1);
  await bed.publish('news', 'late');
  expect(await turned(bed, second)).toEqual([{ type: 'message', data: 'late', id: '' }]);
  expect(second.reader.lastEventId).not.toBe(first.reader.lastEventId);
});

test('another channel is another page, whatever id it comes with', async () => {
  const bed = await bedOf('signal');
  const first = await reading(bed);
  await turned(bed, first);
  const other = await reading(bed, first.reader.lastEventId, '/stream?channel=other');
  expect(sessions(bed)).toBe(2);
  await reading(bed, first.reader.lastEventId);
  expect(sessions(bed)).toBe(2);
  other.vanish();
});

test('a place is kept for who comes back, also when there is no room for others', async () => {
  const bed = await bedOf('signal', { limits: { sessions: 1 } });
  const first = await reading(bed);
  await turned(bed, first);
  const stranger = await reading(bed);
  await stranger.closed;
  expect(stranger.reader.retryMs).toBe(10_000);
  const back = await reading(bed, first.reader.lastEventId);
  await bed.publish('news', 1);
  while ((await back.nextEvent()).data !== '1');
});

test('EventSource of npm goes from stream to stream by itself, and its page sees messages alone', async () => {
  const bed = await bedOf('signal');
  const source = new EventSource(`http://127.0.0.1:${bed.port}/stream?channel=news`);
  open.sources.push(source);
  const got: [string, string][] = [];
  let opens = 0;
  source.onopen = () => {
    opens++;
  };
  source.onmessage = ({ data, lastEventId }) => got.push([String(data), lastEventId]);
  let published = 0;
  for (let turn = 1; turn <= 3; turn++) {
    await expect.poll(() => opens, { timeout: 10_000, interval: 5 }).toBe(turn);
    await bed.publish('news', { data: ++published });
    await bed.clock.advance(MAX_AGE_MS * 1.1 + 1000);
    await expect.poll(() => source.readyState, { timeout: 10_000, interval: 1 }).toBe(EventSource.CONNECTING);
    await bed.publish('news', { data: ++published, id: published });
  }
  await expect.poll(() => got.length, { timeout: 10_000, interval: 5 }).toBe(published);
  expect(got).toEqual([
    ['1', ''],
    ['2', '2'],
    ['3', '2'],
    ['4', '4'],
    ['5', '4'],
    ['6', '6'],
  ]);
});
