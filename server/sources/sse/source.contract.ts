import { TestServers } from '@tidewall/testkit';
import type { SourceCase } from '../source-case.contract.ts';

const sourceCase: SourceCase = {
  async prepare() {
    const servers = new TestServers();
    const server = await servers.http((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let n = 0;
      const timer = setInterval(() => response.write(`data: {"n":${n++}}\n\n`), 2);
      response.once('close', () => clearInterval(timer));
    });
    return {
      config: { url: `http://127.0.0.1:${server.port}/events`, timeoutMs: 600_000, deadMs: 86_400_000 },
      wrong: { url: 'ws://127.0.0.1/' },
      kill: () => server.kill(),
      close: () => servers.close(),
    };
  },
};

export default sourceCase;
