import { fileURLToPath } from 'node:url';
import { Benchmark } from './benchmark.ts';
import { type Contender, passing } from './contender.ts';
import { bun } from './contenders/bun.ts';
import { floor } from './contenders/floor.ts';
import { mosquitto } from './contenders/mosquitto.ts';
import { nats } from './contenders/nats.ts';
import { nchan } from './contenders/nchan.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tidewalls } from './contenders/tidewall.ts';
import { readOptions } from './options.ts';
import { residentKb } from './process-cost.ts';
import { column } from './table.ts';
import { payloadOf } from './wire.ts';

/*
 * What a client costs that is there and gets nothing: the server's resident memory with all of them, less that without,
 * after garbage was collected both times. What the kernel keeps for a socket is the same for all, and left out.
 */

const SETTLE_MS = 1500;
const COLLECTOR = fileURLToPath(new URL('contenders/servers/collect-garbage.mjs', import.meta.url));

const options = readOptions({ rounds: 3 });
const clientCount = options.quick ? 2000 : 10_000;
const setting = `${clientCount.toLocaleString('en')} idle clients`;
const benchmark = new Benchmark('idle', options, [
  column('kbEach', 'KB a client', 2),
  column('beforeKb', 'KB without'),
  column('connectMs', 'ms to connect all'),
]);
const contenders = [floor('send'), ...tidewalls(options), plainWs, socketIo(), nchan, nats, mosquitto, bun];

await benchmark.turns(setting, contenders.map(collecting), async (bench) => {
  const collect = async () => {
    // Twice: what the first run finalizes, the second frees.
    for (const _ of [1, 2]) {
      if (isNode(bench.contender)) for (const pid of bench.server.pids) process.kill(pid, 'SIGUSR2');
      await passing(SETTLE_MS);
    }
    return residentKb(bench.server.pids);
  };
  const beforeKb = await collect();
  const clients = bench.load({ clients: clientCount, addresses: 4, payload: payloadOf(200) });
  const { ms } = await clients.connect();
  const afterKb = await collect();
  return { kbEach: (afterKb - beforeKb) / clientCount, beforeKb, connectMs: ms };
});

benchmark.finish([
  { text: `${setting}: at most 8 KB each`, setting, figure: 'kbEach', of: 'tidewall', atMost: 8, unit: ' KB' },
  {
    text: `${setting}: at most 5 KB each, with an acceptor of our own`,
    setting,
    figure: 'kbEach',
    of: 'tidewall',
    atMost: 5,
    unit: ' KB',
  },
]);

function isNode(contender: Contender): boolean {
  return contender.version().includes('Node');
}

/** The contender with an ear for SIGUSR2, upon which Node collects its garbage; others never leave any lying about. */
function collecting(contender: Contender): Contender {
  if (!isNode(contender)) return contender;
  return {
    ...contender,
    command(place) {
      const [node, ...args] = contender.command(place);
      return [node as string, '--expose-gc', '--import', COLLECTOR, ...args];
    },
  };
}
