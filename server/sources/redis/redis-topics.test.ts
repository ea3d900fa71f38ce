import { systemClock } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Broker, SomeTopicSettings, SubscribeRequest } from '@tidewall/contracts';
import { createHub, type Hub, openAccess } from '@tidewall/hub';
import { DEFAULT_LIMITS, parseTopicName, parseTopicPattern } from '@tidewall/protocol';
import { CountingMeter, freePort, RecordingOutlet, silentLog } from '@tidewall/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HAS_REDIS, type RedisServer, startRedis } from './redis-server.contract.ts';
import { createRedisTopics, MOST_CHANNELS, type RedisTopics, settingsOfRedisTopic } from './redis-topics.ts';

const ANYBODY = { id: 'anybody', roles: [] };
const limits = {
  ...DEFAULT_LIMITS,
  lingerMs: 30,
  topics: 2 * MOST_CHANNELS,
  subscriptionsPerSession: 2 * MOST_CHANNELS,
};

interface Bed {
  readonly hub: Hub;
  readonly meter: CountingMeter;
  readonly topics: RedisTopics;
  readonly warnings: string[];
}

const open: { redis?: RedisServer; bed?: Bed } = {};

afterEach(async () => {
  open.bed?.topics.dispose();
  open.bed?.hub.dispose();
  await open.redis?.close();
  delete open.bed;
  delete open.redis;
});

async function redisRuns(...settings: string[]): Promise<RedisServer> {
  open.redis = await startRedis(...settings);
  return open.redis;
}

function bedOn(
  url: string,
  configured: Record<string, SomeTopicSettings> = {},
  broker = createMemoryBroker({ random: Math.random }),
): Bed {
  const meter = new CountingMeter();
  const random = Math.random;
  const settingsOf = (topic: Parameters<typeof settingsOfRedisTopic>[0]) =>
    settingsOfRedisTopic(topic, configured[topic]);
  const shared = { clock: systemClock, meter, limits, random, settingsOf };
  const hub = createHub({ ...shared, broker, access: openAccess, log: silentLog });
  const warnings: string[] = [];
  const log = {
    ...silentLog,
    warn: (fields: object, message: string) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
  };
  open.bed = { hub, meter, topics: createRedisTopics({ ...shared, url, hub, log }), warnings };
  return open.bed;
}

/** Somebody who follows topics. */
async function watching({ hub }: Bed, ...topics: string[]) {
  const outlet = new RecordingOutlet();
  const session = hub.open(ANYBODY, outlet);
  for (const topic of topics) await session.subscribe({ topic } as SubscribeRequest, () => {});
  const values = () =>
    outlet.pushes.flatMap((push) => (push.type === 'value' ? [[push.topic, JSON.parse(push.json) as unknown]] : []));
  return { session, values };
}

const soon = (holds: () => void) => vi.waitFor(holds, { timeout: 15_000, interval: 10 });
const freshnessOf = ({ hub }: Bed, topic: string) => hub.topics(ANYBODY).find((row) => row.topic === topic)?.freshness;
const followed = (bed: Bed) => bed.meter.read('tidewall_redis_channels');

describe.skipIf(!HAS_REDIS)('channels of Redis', () => {
  test('are subscribed while somebody watches their topic, and not a moment longer than the linger time', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    await soon(() => expect(bed.meter.read('tidewall_redis_up')).toBe(1));
    expect(redis.cli('pubsub', 'channels')).toBe('');
    const { session, values } = await watching(bed, 'redis/news', 'redis/shop/orders');
    await soon(() => expect(redis.cli('pubsub', 'channels').split('\n').sort()).toEqual(['news', 'shop/orders']));
    expect(redis.cli('publish', 'news', '{"data":1}')).toBe('1');
    redis.cli('publish', 'shop/orders', 'words, not JSON');
    redis.cli('publish', 'elsewhere', '3');
    await soon(() => expect(values()).toHaveLength(2));
    expect(values()).toEqual([
      ['redis/news', { data: 1 }],
      ['redis/shop/orders', 'words, not JSON'],
    ]);
    session.end();
    await soon(() => expect(redis.cli('pubsub', 'channels')).toBe(''));
    expect(followed(bed)).toBe(0);
    const again = await watching(bed, 'redis/news');
    await soon(() => expect(redis.cli('publish', 'news', '2')).toBe('1'));
    await soon(() => expect(again.values()).toEqual([['redis/news', 2]]));
  });

  test('who comes back while a channel is being left hears it', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url, { 'redis/a': { kind: 'state' } });
    for (let round = 0; round < 3; round++) {
      const { session } = await watching(bed, 'redis/a');
      await soon(() => expect(redis.cli('publish', 'a', `${round}`)).toBe('1'));
      const left = new Promise<void>((resolve) => {
        const unlisten = bed.hub.onDemand(parseTopicPattern('redis/a'), (_, watched) => {
          if (watched) return;
          unlisten();
          resolve();
        });
      });
      // So the channel is left here, and not yet there, when it is wanted again.
      redis.cli('client', 'pause', '200');
      session.end();
      await left;
    }
  });

  test('one connection serves all topics and everybody who watches them', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    const readers = [];
    for (let i = 0; i < 5; i++) readers.push(await watching(bed, 'redis/a', `redis/own-${i}`));
    await soon(() => expect(followed(bed)).toBe(6));
    expect(redis.cli('client', 'list', 'type', 'pubsub').split('\n')).toHaveLength(1);
    redis.cli('publish', 'a', '7');
    for (const { values } of readers) await soon(() => expect(values()).toEqual([['redis/a', 7]]));
    expect(bed.meter.read('tidewall_redis_messages_total')).toBe(1);
  });

  test('fail with the reason while Redis is away, and are well again when it is back', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    const { values } = await watching(bed, 'redis/news');
    await soon(() => expect(followed(bed)).toBe(1));
    await redis.kill();
    await soon(() => expect(freshnessOf(bed, 'redis/news')?.state).toBe('failed'));
    expect(freshnessOf(bed, 'redis/news')?.reason).toMatch(/^Redis at 127\.0\.0\.1:\d+ .+; next try in \d+ s$/);
    expect(bed.meter.read('tidewall_redis_up')).toBe(0);
    await redis.start();
    await soon(() => expect(freshnessOf(bed, 'redis/news')?.state).toBe('quiet'));
    expect(redis.cli('publish', 'news', '"back"')).toBe('1');
    await soon(() => expect(values()).toEqual([['redis/news', 'back']]));
  });

  test('a Redis that is not there yet is said, stops nobody, and is used when it comes', async () => {
    const redis = await redisRuns();
    await redis.kill();
    const bed = bedOn(redis.url.replace('//', '//:hush-hush@'));
    const { values } = await watching(bed, 'redis/news');
    await soon(() => expect(bed.warnings[0]).toContain('Redis cannot be used'));
    await soon(() => expect(freshnessOf(bed, 'redis/news')?.reason).toContain('ECONNREFUSED'));
    expect(JSON.stringify([bed.warnings, freshnessOf(bed, 'redis/news')])).not.toContain('hush');
    await bed.hub.publish(ANYBODY, { topic: 'elsewhere', data: 1 });
    await redis.start();
    redis.cli('config', 'set', 'requirepass', 'hush-hush');
    const said = () => redis.cli('-a', 'hush-hush', '--no-auth-warning', 'publish', 'news', '1');
    await soon(() => expect(said()).toBe('1'));
    await soon(() => expect(values()).toEqual([['redis/news', 1]]));
  });

  test('of more than the limit, those that come last wait until others are left', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    const all = Array.from({ length: MOST_CHANNELS }, (_, i) => `redis/c${i}`);
    const { session } = await watching(bed, ...all);
    await soon(() => expect(followed(bed)).toBe(MOST_CHANNELS));
    await watching(bed, 'redis/last');
    await soon(() => expect(freshnessOf(bed, 'redis/last')?.reason).toContain('1000 channels of Redis'));
    expect(redis.cli('publish', 'last', '1')).toBe('0');
    session.end();
    await soon(() => expect(redis.cli('publish', 'last', '1')).toBe('1'));
    await soon(() => expect(freshnessOf(bed, 'redis/last')?.state).toBe('quiet'));
  });

  test('a message that is too large is dropped and counted, and the next one comes', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    const { values } = await watching(bed, 'redis/a');
    await soon(() => expect(followed(bed)).toBe(1));
    redis.cli('eval', `return redis.call('publish', 'a', '"' .. string.rep('x', 1048576) .. '"')`, '0');
    redis.cli('publish', 'a', '"small"');
    await soon(() => expect(values()).toEqual([['redis/a', 'small']]));
    expect(bed.meter.read('tidewall_redis_refused_total{reason=limit_exceeded}')).toBe(1);
  });

  test('of messages that come faster than they are kept, those over the limit are dropped and counted', async () => {
    const redis = await redisRuns();
    const broker = createMemoryBroker({ random: Math.random });
    const stuck = Object.assign(Object.create(broker) as Broker, { publish: () => new Promise<never>(() => {}) });
    const bed = bedOn(redis.url, {}, stuck);
    await watching(bed, 'redis/a');
    await soon(() => expect(followed(bed)).toBe(1));
    redis.cli('eval', "for i = 1, 1007 do redis.call('publish', 'a', i) end", '0');
    await soon(() => expect(bed.meter.read('tidewall_redis_messages_total')).toBe(1007));
    expect(bed.meter.read('tidewall_redis_refused_total{reason=too_many_requests}')).toBe(7);
  });

  test('nobody else publishes to their topics', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    await expect(bed.hub.publish(ANYBODY, { topic: 'redis/a', data: 1 })).rejects.toMatchObject({
      kind: 'permission_denied',
    });
  });

  test('a topic that is configured as a state keeps its newest message for those who come later', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url, { 'redis/price': { kind: 'state' } });
    await watching(bed, 'redis/price');
    await soon(() => expect(redis.cli('publish', 'price', '9.5')).toBe('1'));
    await soon(() => expect(bed.meter.read('tidewall_redis_messages_total')).toBe(1));
    const late = await watching(bed, 'redis/price');
    await soon(() => expect(late.values()).toEqual([['redis/price', 9.5]]));
  });

  test('a source that is configured for a topic of theirs keeps it', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    const feed = await bed.hub.feed(parseTopicName('redis/mine'), 'orders', { kind: 'log' }, () => {});
    const { values } = await watching(bed, 'redis/mine');
    await soon(() => expect(bed.warnings[0]).toContain('is fed by the source \\"orders\\" already'));
    await feed.publish('append', 1);
    await soon(() => expect(values()).toEqual([['redis/mine', 1]]));
  });

  test('leaves nothing behind', async () => {
    const redis = await redisRuns();
    const bed = bedOn(redis.url);
    await watching(bed, 'redis/a');
    await soon(() => expect(followed(bed)).toBe(1));
    bed.topics.dispose();
    await soon(() => expect(redis.cli('client', 'list', 'type', 'pubsub')).toBe(''));
    expect(bed.hub.topics(ANYBODY).find(({ topic }) => topic === 'redis/a')?.source).toBeUndefined();
  });
});

test('a port on which nobody answers is tried again, and disposing ends that', async () => {
  const bed = bedOn(`redis://127.0.0.1:${await freePort()}`);
  await soon(() => expect(bed.warnings.length).toBeGreaterThan(1));
  bed.topics.dispose();
});
