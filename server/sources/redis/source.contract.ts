import { createClient } from '@redis/client';
import type { SourceCase } from '../source-case.contract.ts';
import { startRedis } from './redis-server.contract.ts';

const sourceCase: SourceCase = {
  needs: 'redis-server',
  async prepare() {
    const redis = await startRedis();
    const publisher = createClient({ url: redis.url, socket: { reconnectStrategy: false } });
    publisher.on('error', () => {});
    await publisher.connect();
    let n = 0;
    const timer = setInterval(() => {
      publisher.publish('orders', JSON.stringify({ n: n++ })).catch(() => {});
    }, 2);
    return {
      config: { url: redis.url, channels: { 'shop/orders': 'orders' } },
      wrong: { url: 'http://localhost:6379' },
      kill: () => redis.kill(),
      close: async () => {
        clearInterval(timer);
        publisher.destroy();
        await redis.close();
      },
    };
  },
};

export default sourceCase;
