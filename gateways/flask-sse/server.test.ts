import type { TopicKind } from '@tidewall/protocol';
import { RecordingOutlet } from '@tidewall/testkit';
import { EventSource } from 'eventsource';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { flaskSseGateway } from './server.ts';
import { StreamReader } from './wire.contract.ts';

const open: { bed?: GatewayBed; readers: StreamReader[]; sources: EventSource[] } = { readers: [], sources: [] };

afterEach(async () => {
  for (const reader of open.readers.splice(0)) reader.vanish();
  for (const source of open.sources.splice(0)) source.close();
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(flaskSseGateway, options);
  return open.bed;
}

async function reading(bed: GatewayBed, path?: string): Promise<StreamReader> {
  const reader = await StreamReader.open(bed.port, path);
  open.readers.push(reader);
  return reader;
}

const signals = (...topics: string[]): Pick<GatewayBedOptions, 'settings'> => ({
  settings: Object.fromEntries(topics.map((topic) => [topic, { kind: 'signal' as TopicKind }])),
});

describe('which topic', () => {
  test.each([
    ['/stream', 'redis/sse'],
    ['/stream?channel=', 'redis/sse'],
    ['/stream?channel=users.social', 'redis/users.social'],
    ['/stream?channel=%E4%BA%A7%E7%BA%BF&_=17', 'redis/产线'],
    ['/stream?channel=news', 'portal/news'],
    ['/stream?channel=__proto__', 'redis/__proto__'],
  ])('%s follows %s', async (path, topic) => {
    const bed = await bedWith({ ...signals(topic), gateway: { topics: { news: 'portal/news' } } });
    const reader = await reading(bed, path);
    await bed.publish(topic, { data: 'Hi', type: 'greeting' });
    expect(await reader.nextEvent()).toEqual({ type: 'greeting', data: 'Hi', id: '' });
  });

  test('a channel that can be no topic is answered with the reason', async () => {
    const bed = await bedWith();
    const response = await fetch(`http://127.0.0.1:${bed.port}/stream?channel=a%20b`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain('"a b"');
    expect(bed.rejections('flask-sse')).toBe(1);
  });

  test('settings that name no topic are refused by name', () => {
    const result = flaskSseGateway.settings?.safeParse({ topics: { sse: 'a//b' } });
    expect(result?.error?.issues[0]).toMatchObject({ path: ['topics', 'sse'] });
  });
});

describe('what comes', () => {
  test('a publication is encoded once for everybody', async () => {
    const bed = await bedWith(signals('redis/sse'));
    const readers = [await reading(bed), await reading(bed), await reading(bed)];
    for (let i = 0; i < 3; i++) await bed.publish('redis/sse', { data: i, type: 'bad\ntype' });
    expect(bed.rejections('flask-sse')).toBe(3);
    await bed.publish('redis/sse', { data: 'good' });
    for (const reader of readers) expect((await reader.nextEvent()).data).toBe('good');
  });

  test('a state is told whole to whoever comes, and then whenever it changes', async () => {
    const bed = await bedWith({ gateway: { prefix: '' } });
    await bed.publish('plant/oee', { value: 71 });
    const reader = await reading(bed, '/stream?channel=plant/oee');
    expect(await reader.next()).toEqual({ value: 71 });
    await bed.hub.publish({ id: 'p', roles: [] }, { topic: 'plant/oee', op: 'merge', data: { target: 80 } });
    await bed.clock.advance(bed.windowMs);
    expect(await reader.next()).toEqual({ value: 71, target: 80 });
  });

  test('a table is told with all of its rows', async () => {
    const bed = await bedWith({ gateway: { prefix: '' }, settings: { pumps: { kind: 'table' } } });
    await bed.publish('pumps', [{ id: 1, bar: 3 }]);
    const reader = await reading(bed, '/stream?channel=pumps');
    expect(await reader.next()).toEqual([{ id: 1, bar: 3 }]);
    await bed.publish('pumps', { id: 2, bar: 4 });
    expect(await reader.next()).toEqual([
      { id: 1, bar: 3 },
      { id: 2, bar: 4 },
    ]);
  });

  test('the real EventSource of npm has type, data, id and the delay that it is told', async () => {
    const bed = await bedWith(signals('redis/sse'));
    const source = new EventSource(`http://127.0.0.1:${bed.port}/stream`);
    open.sources.push(source);
    const got: MessageEvent[] = [];
    source.addEventListener('greeting', (event) => got.push(event));
    await bed.until(() => bed.watchers('redis/sse') === 1);
    await bed.publish('redis/sse', { data: 'two\nlines', type: 'greeting', id: '9', retry: 60 });
    await bed.until(() => got.length === 1);
    expect(got[0]).toMatchObject({ data: 'two\nlines', lastEventId: '9' });
  });
});

describe('how long', () => {
  test('a stream on which nothing happens is kept alive', async () => {
    const bed = await bedWith({ ...signals('redis/sse'), limits: { pingMs: 1000 } });
    const reader = await reading(bed);
    const before = bed.meter.value('tidewall_bytes_written_total', { gateway: 'flask-sse' });
    await bed.clock.advance(5000);
    expect(bed.meter.value('tidewall_bytes_written_total', { gateway: 'flask-sse' })).toBeGreaterThanOrEqual(
      before + 9,
    );
    expect(reader.reader.events).toEqual([]);
  });

  test('those who are sent away are told to come back spread over a window', async () => {
    const bed = await bedWith(signals('redis/sse'));
    const readers = [];
    for (let i = 0; i < 20; i++) readers.push(await reading(bed));
    await bed.until(() => bed.watchers('redis/sse') === 20);
    const gone = bed.gateway.drain(new AbortController().signal);
    await Promise.all([...readers.map(({ closed }) => closed), gone]);
    const delays = readers.map(({ reader }) => reader.retryMs ?? 0).sort((a, b) => a - b);
    expect(delays[0]).toBeGreaterThanOrEqual(500);
    expect(delays.at(-1)).toBeLessThanOrEqual(1000);
    expect(new Set(delays).size).toBe(20);
    const late = await reading(bed);
    await late.closed;
    expect([late.status, late.reader.retryMs]).toEqual([200, 500]);
  });

  test('when there is no room, a page is told to come back later, and it does', async () => {
    const bed = await bedWith({ ...signals('redis/sse'), limits: { sessions: 1 } });
    const first = await reading(bed);
    const second = await reading(bed);
    await second.closed;
    expect([second.status, second.reader.retryMs]).toEqual([200, 10_000]);
    first.vanish();
    await bed.until(() => bed.watchers('redis/sse') === 0);
    const third = await reading(bed);
    await bed.publish('redis/sse', 1);
    expect(await third.next()).toBe(1);
  });

  test('when the hub is full of others, a page is told the same, and nothing of it is left', async () => {
    const bed = await bedWith({ ...signals('redis/sse'), limits: { sessions: 2 } });
    const before = bed.clock.pending;
    const others = [1, 2].map(() => bed.hub.open(PUBLISHER, new RecordingOutlet()));
    for (let i = 0; i < 3; i++) {
      const page = await reading(bed);
      await page.closed;
      expect([page.status, page.reader.retryMs]).toEqual([200, 10_000]);
    }
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: 'flask-sse' }) === 0);
    for (const other of others) other.end();
    expect(bed.clock.pending).toBe(before);
    const page = await reading(bed);
    await bed.until(() => bed.watchers('redis/sse') === 1);
    await bed.publish('redis/sse', 1);
    expect(await page.next()).toBe(1);
  });

  test('whoever follows a topic that becomes another one comes back to that one', async () => {
    const bed = await bedWith({ gateway: { prefix: '' } });
    const reader = await reading(bed, '/stream?channel=a');
    await bed.until(() => bed.watchers('a') === 1);
    await bed.publish('a', { id: 1 }, 'log');
    await Promise.all([reader.closed, bed.until(() => bed.watchers('a') === 0)]);
    expect(reader.reader.retryMs).toBe(1000);
  });

  test('one who does not read is cut off when the time for that is up', async () => {
    const bed = await bedWith({ ...signals('redis/sse'), limits: { highWaterBytes: 4096, noProgressMs: 2000 } });
    const reader = await reading(bed);
    reader.pause();
    while (bed.refusedWrites() === 0) await bed.publish('redis/sse', { data: 'x'.repeat(50_000) });
    await bed.until(() => bed.watchers('redis/sse') === 0);
    expect(bed.meter.value('tidewall_closes_total', { gateway: 'flask-sse', code: '4008' })).toBe(1);
  });
});
