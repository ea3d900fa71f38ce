import { TestServers } from '@tidewall/testkit';
import type { SourceCase } from '../source-case.contract.ts';

const sourceCase: SourceCase = {
  async prepare() {
    const servers = new TestServers();
    let n = 0;
    const server = await servers.http((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: { items: [{ id: 'a', n: n++ }] } }));
    });
    return {
      config: {
        url: `http://127.0.0.1:${server.port}/items`,
        ...{ path: 'data.items', keyField: 'id', intervalMs: 100, minIntervalMs: 100, timeoutMs: 600_000 },
      },
      wrong: { url: 'ftp://127.0.0.1/' },
      kill: () => server.kill(),
      close: () => servers.close(),
    };
  },
};

export default sourceCase;
