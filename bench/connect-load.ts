import { connect } from 'node:net';
import { cpuNs } from './process-cost.ts';
import type { Figures } from './rows.ts';
import { upgrade } from './wire.ts';

const AT_ONCE = 32;

/** How clients of one kind come in. */
export interface Arrival {
  readonly path: string;
  /** The frames of client n; no two clients say the same. */
  says(client: number): readonly Buffer[];
  /** What an answer must hold for the client to be in. */
  readonly letInBy: string;
}

export interface ConnectLoadOptions {
  readonly port: number;
  readonly pids: readonly number[];
  readonly arrival: Arrival;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * Clients that come, are let in, and go, so many at once: what a connect costs the server, the handshake and the end of the
 * connection included, and how many came.
 *
 * @throws Error with the answer when one is not let in
 */
export async function connectLoad({ port, pids, arrival, warmUpMs, measureMs }: ConnectLoadOptions): Promise<Figures> {
  let client = 0;
  let letIn = 0;
  let stopAt = performance.now() + warmUpMs;
  const come = async () => {
    while (performance.now() < stopAt) {
      await arrive(port, arrival, client++);
      letIn++;
    }
  };
  const all = () => Promise.all(Array.from({ length: AT_ONCE }, come));
  await all();
  const [before, began, first] = [cpuNs(pids), performance.now(), letIn];
  stopAt = began + measureMs;
  await all();
  const count = letIn - first;
  const seconds = (performance.now() - began) / 1000;
  const cpu = cpuNs(pids) - before;
  return { cpuUs: cpu / 1e3 / count, perSecond: count / seconds, core: cpu / 1e9 / seconds };
}

function arrive(port: number, { path, says, letInBy }: Arrival, client: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let heard = '';
    let isIn = false;
    socket.setEncoding('latin1').on('data', (text: string) => {
      const wasUpgraded = heard.includes('\r\n\r\n');
      heard += text;
      if (!wasUpgraded && heard.includes('\r\n\r\n')) for (const frame of says(client)) socket.write(frame);
      if (isIn || !heard.includes(letInBy)) return;
      isIn = true;
      // Not in the time of waiting: the port would be taken for a minute.
      socket.resetAndDestroy();
    });
    socket.on('close', () => (isIn ? resolve() : reject(new Error(`a client was not let in: ${heard.slice(0, 400)}`))));
    socket.on('error', () => {});
    socket.write(upgrade(path));
  });
}
