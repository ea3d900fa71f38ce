import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { type JsonObject, systemClock } from '@tidewall/base';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { silentLog } from '@tidewall/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './definition.ts';
import { HAS_REDIS, type RedisServer, startRedis } from './redis-server.contract.ts';

const open: { redis?: RedisServer; abort: AbortController; runs: Promise<unknown>[] } = {
  abort: new AbortController(),
  runs: [],
};

afterEach(async () => {
  open.abort.abort();
  await Promise.allSettled(open.runs.splice(0));
  open.abort = new AbortController();
  await open.redis?.close();
  delete open.redis;
});

async function redisWith(...settings: string[]): Promise<RedisServer> {
  open.redis = await startRedis(...settings);
  return open.redis;
}

function sourceOf(config: JsonObject) {
  const context = testContext({
    name: 'probe',
    baseDir: tmpdir(),
    clock: systemClock,
    log: silentLog,
    limits: DEFAULT_LIMITS,
  });
  return definition.create(parseSourceConfig('probe', definition, config), context);
}

/** Runs until it listens. */
async function listening(source: ReturnType<typeof sourceOf>, sink = new RecordingSink()) {
  const before = sink.healthyCalls;
  const run = source.run(sink, open.abort.signal);
  open.runs.push(run);
  await Promise.race([run, vi.waitFor(() => expect(sink.healthyCalls).toBeGreaterThan(before), { timeout: 10_000 })]);
  return { sink, run };
}

const arrived = (sink: RecordingSink, count: number) =>
  vi.waitFor(() => expect(sink.publications.length + sink.refusals.length).toBeGreaterThanOrEqual(count), 10_000);

describe.skipIf(!HAS_REDIS)('a Redis source', () => {
  test('brings what redis-cli publishes, by channel and by pattern', async () => {
    const redis = await redisWith();
    const { sink } = await listening(
      sourceOf({ url: redis.url, channels: { orders: 'shop.orders' }, patterns: { all: 'plant.*' } }),
    );
    expect(redis.cli('publish', 'shop.orders', '{"id":1}')).toBe('1');
    redis.cli('publish', 'plant.a', '[1,2]');
    redis.cli('publish', 'elsewhere', '3');
    redis.cli('publish', 'plant.b', '"x"');
    await arrived(sink, 3);
    expect(sink.of('orders').map(({ op, data }) => [op, data])).toEqual([['append', { id: 1 }]]);
    expect(sink.of('all').map(({ data }) => data)).toEqual([
      { channel: 'plant.a', data: [1, 2] },
      { channel: 'plant.b', data: 'x' },
    ]);
  });

  test('shows the newest of each channel of a pattern, when it is a table', async () => {
    const redis = await redisWith();
    const source = sourceOf({ url: redis.url, patterns: { plant: 'plant.*' }, topicKind: 'table' });
    expect(source.topics).toEqual([{ topic: 'plant', kind: 'table', keyField: 'channel' }]);
    const { sink } = await listening(source);
    redis.cli('publish', 'plant.a', '{"c":21.5,"channel":"other"}');
    redis.cli('publish', 'plant.b', '22');
    await arrived(sink, 2);
    expect(sink.publications.map(({ op, data }) => [op, data])).toEqual([
      ['upsert', [{ channel: 'plant.a', t: expect.any(Number), c: 21.5 }]],
      ['upsert', [{ channel: 'plant.b', t: expect.any(Number), value: 22 }]],
    ]);
  });

  test('goes only where it may', async () => {
    const redis = await redisWith();
    const context = testContext({ outgoing: createOutgoing({ allowed: parseAddressList([]), trusted: false }) });
    const url = redis.url.replace('//', '//:sesame@');
    for (const config of [{ channels: { a: 'a' } }, { streams: { a: 'a' } }]) {
      const source = definition.create(parseSourceConfig('probe', definition, { url, ...config }), context);
      const failure = await failureOf(source.run(new RecordingSink(), open.abort.signal));
      expect(failure).toContain('127.0.0.1 is not a public address');
      expect(failure).not.toContain('sesame');
    }
  });

  test('ends at once when it is aborted while it connects to what does not answer', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const before = performance.now();
    const connected = new Promise((resolve) => silent.once('connection', resolve));
    const run = sourceOf({ url: `redis://127.0.0.1:${port}`, channels: { a: 'a' } }).run(
      new RecordingSink(),
      open.abort.signal,
    );
    await connected;
    open.abort.abort();
    await run;
    expect(performance.now() - before).toBeLessThan(4_000);
    await new Promise((resolve) => silent.close(resolve));
  });

  test('refuses what is not JSON, and goes on', async () => {
    const redis = await redisWith();
    const { sink } = await listening(sourceOf({ url: redis.url, channels: { a: 'a' }, topicKind: 'series' }));
    for (const text of ['hello', '[1]', '{"name":"x"}', '{"c":21.5,"name":"x"}']) redis.cli('publish', 'a', text);
    await arrived(sink, 4);
    expect(sink.refusals).toHaveLength(3);
    expect(sink.refusals[0]).toContain('a message is not JSON');
    expect(sink.publications.map(({ data }) => data)).toEqual([{ t: expect.any(Number), c: 21.5 }]);
  });

  test('takes any text as an entry, when text is meant', async () => {
    const redis = await redisWith();
    const { sink } = await listening(sourceOf({ url: redis.url, channels: { a: 'a' }, format: 'text' }));
    redis.cli('publish', 'a', '{"not": parsed');
    await arrived(sink, 1);
    expect(sink.publications[0]?.data).toEqual({ t: expect.any(Number), text: '{"not": parsed' });
  });

  test('reads a stream on from where it was, over a run that failed', async () => {
    const redis = await redisWith('--appendonly', 'yes');
    redis.cli('xadd', 'sensors', '*', 'c', '1');
    const source = sourceOf({ url: redis.url, streams: { plant: 'sensors' }, topicKind: 'series' });
    const { sink, run } = await listening(source);
    redis.cli('xadd', 'sensors', '1900000000000-0', 'c', '2', 'where', 'hall');
    await arrived(sink, 1);
    redis.cli('client', 'kill', 'type', 'normal');
    await expect(run).rejects.toThrow(/Redis at 127\.0\.0\.1:\d+ cannot be read: .+/);
    redis.cli('xadd', 'sensors', '1900000000001-0', 'c', '3');
    await listening(source, sink);
    redis.cli('xadd', 'sensors', '1900000000002-0', 'c', '4');
    await arrived(sink, 3);
    expect(sink.publications.map(({ data, at }) => [at, data])).toEqual(
      [2, 3, 4].map((c, i) => [1900000000000 + i, { t: 1900000000000 + i, c }]),
    );
  });

  test('shows the newest entry of a stream at once, when it is a state', async () => {
    const redis = await redisWith();
    redis.cli('xadd', 'weather', '*', 'c', '1');
    redis.cli('xadd', 'weather', '*', 'c', '2', 'sky', 'grey');
    const { sink } = await listening(sourceOf({ url: redis.url, streams: { sky: 'weather' }, topicKind: 'state' }));
    await arrived(sink, 1);
    redis.cli('xadd', 'weather', '*', 'c', '3');
    await arrived(sink, 2);
    expect(sink.publications.map(({ data }) => data)).toEqual([{ c: 2, sky: 'grey' }, { c: 3 }]);
  });

  test('keeps what has arrived while the hub is busy, up to a limit', async () => {
    const redis = await redisWith();
    const { sink } = await listening(sourceOf({ url: redis.url, channels: { a: 'a' } }));
    sink.hold();
    const filler = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 12; i++) {
      redis.cli('eval', `return redis.call('publish', 'a', '"' .. string.rep('x', ${filler.length}) .. '"')`, '0');
    }
    await vi.waitFor(() => expect(sink.refusals.length).toBeGreaterThan(1), 10_000);
    expect(sink.refusals[0]).toContain('faster than they can be taken in');
    sink.release();
    await arrived(sink, 12);
    expect(sink.publications.length).toBeLessThan(12);
  });

  test('says in one sentence that Redis is not there, or not open to it, and no secret', async () => {
    const redis = await redisWith('--requirepass', 'open-sesame');
    const url = redis.url.replace('//', '//:not%20it-sesame@');
    const config = { channels: { a: 'a' } };
    const wrong = await failureOf(sourceOf({ ...config, url }).run(new RecordingSink(), open.abort.signal));
    expect(wrong).toMatch(/^Redis at 127\.0\.0\.1:\d+ cannot be reached: WRONGPASS/);
    await redis.kill();
    const gone = await failureOf(sourceOf({ ...config, url }).run(new RecordingSink(), open.abort.signal));
    expect(gone).toMatch(/^Redis at 127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/);
    for (const sentence of [wrong, gone]) expect(sentence).not.toMatch(/sesame/);
  });

  test('connects with a name and a password', async () => {
    const redis = await redisWith('--requirepass', 'open sesame');
    const url = redis.url.replace('//', '//default:open%20sesame@');
    const { sink } = await listening(sourceOf({ url, channels: { a: 'a' } }));
    redis.cli('-a', 'open sesame', '--no-auth-warning', 'publish', 'a', '1');
    await arrived(sink, 1);
  });
});

test.each([
  [{ url: 'redis://h', channels: {} }, /channels.*must name a channel/],
  [{ url: 'http://h', channels: { a: 'a' } }, /url.*redis:\/\/user:password@host:6379/],
  [{ url: 'redis://h/db', channels: { a: 'a' } }, /url/],
  [{ url: 'redis://:%zz@h', channels: { a: 'a' } }, /url/],
  [{ url: 'redis://h', channels: { 'a b': 'a' } }, /channels\.a b: topic name "a b" has "a b"/],
  [{ url: 'redis://h', channels: { a: 'a' }, streams: { a: 'b' } }, /a is fed by two/],
  [{ url: 'redis://h', patterns: { a: 'plant.*' }, topicKind: 'series' }, /patterns.*no pattern \(plant\.\*\)/],
  [{ url: 'redis://h', channels: { a: 'a' }, topicKind: 'series', format: 'text' }, /format.*json or auto/],
  [{ url: 'redis://h', channels: { a: 'a' }, topicKind: 'table' }, /keyField/],
] as const)('a configuration that cannot be is refused by name: %j', (config, says) => {
  expect(() => parseSourceConfig('probe', definition, config)).toThrow(says);
});

async function failureOf(run: Promise<void>): Promise<string> {
  return run.then(
    () => 'it did not fail',
    (failure: Error) => failure.message,
  );
}
