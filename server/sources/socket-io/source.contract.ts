import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { PaceOfDemand } from '../pace-of-demand.ts';
import type { SourceCase } from '../source-case.contract.ts';

/** Somebody watches everything. */
export class AllWatched extends PaceOfDemand {
  override isWatched(): boolean {
    return true;
  }
}

const sourceCase: SourceCase = {
  async prepare() {
    const http = createServer();
    const io = new Server(http);
    io.on('connection', (socket) => socket.on('join', ({ room }) => void socket.join(room)));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    let n = 0;
    const timer = setInterval(() => io.to('sales').emit('update_data', { sales: n++ }), 2);
    const stop = async () => {
      clearInterval(timer);
      io.disconnectSockets(true);
      await io.close();
    };
    return {
      config: { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, rooms: { 'shop/sales': 'sales' } },
      context: { pace: new AllWatched() },
      wrong: { url: 'ws://localhost' },
      kill: stop,
      close: stop,
    };
  },
};

export default sourceCase;
