import type { SourceCase } from '../source-case.contract.ts';
import { startNats } from './nats-server.contract.ts';

const sourceCase: SourceCase = {
  needs: 'nats-server',
  async prepare() {
    const server = await startNats();
    const client = await server.client();
    let n = 0;
    const timer = setInterval(() => client.publish('shop.orders', JSON.stringify({ n: n++ })), 2);
    return {
      config: { url: server.url, subjects: { orders: 'shop.orders' } },
      wrong: { url: 'http://localhost:4222' },
      kill: () => server.kill(),
      close: async () => {
        clearInterval(timer);
        await server.close();
      },
    };
  },
};

export default sourceCase;
