import { TcpProxy } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { HAS_REDIS, startRedis } from './redis-server.contract.ts';

const bed = SourceBed.of(definition);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  await bed.stop();
  for (const close of closers.splice(0).reverse()) await close();
});

describe.skipIf(!HAS_REDIS)('a Redis source', () => {
  test('says that nothing was heard when its link is half open', { timeout: 40_000 }, async () => {
    const redis = await startRedis();
    closers.push(() => redis.close());
    const proxy = await TcpProxy.start(redis.port);
    closers.push(() => proxy.close());
    const url = `redis://127.0.0.1:${proxy.port}`;
    const channels = await bed.listen(bed.create({ url, channels: { a: 'a' } }));
    const streams = await bed.listen(bed.create({ url, streams: { a: 'a' } }));
    proxy.stall();
    const ends = [channels.run, streams.run].map((run) => run.catch((failure: Error) => failure.message));
    for (const end of ends) expect(await end).toMatch(/(is gone|cannot be read): nothing was heard for 15 s$/);
  });
});
