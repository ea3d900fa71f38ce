import { WebSocketServer } from 'ws';
import type { SourceCase } from '../source-case.contract.ts';
import { listeningPort } from './json-server.contract.ts';

const sourceCase: SourceCase = {
  async prepare() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    const port = await listeningPort(server);
    let n = 0;
    const timer = setInterval(() => {
      for (const client of server.clients) client.send(JSON.stringify({ n: n++ }));
    }, 2);
    const stop = () => {
      clearInterval(timer);
      for (const client of server.clients) client.terminate();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    };
    return {
      config: { url: `ws://127.0.0.1:${port}/live` },
      wrong: { url: 'http://localhost' },
      kill: stop,
      close: stop,
    };
  },
};

export default sourceCase;
