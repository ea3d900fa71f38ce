import { Benchmark } from './benchmark.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tidewall } from './contenders/tidewall.ts';
import { tidewallSocketIo, tidewallSocketService } from './contenders/tidewall-wires.ts';
import { DELIVERY_COLUMNS, deliveryFigures } from './delivery.ts';
import { readOptions } from './options.ts';
import { payloadOf } from './wire.ts';

/*
 * One topic to a thousand clients by the wires of others, each beside the server that the wire was made with. A
 * SocketService's own is a loop over the clients of a plain `ws` server.
 */

const options = readOptions();
const benchmark = new Benchmark('wires', options, DELIVERY_COLUMNS);
const payload = payloadOf(200);
const pairs = [
  { ours: tidewallSocketIo(), theirs: socketIo() },
  { ours: tidewallSocketService(), theirs: plainWs },
];

const loads = [
  { setting: '1 in flight, 1,000 clients', inFlight: 1 },
  { setting: '16 in flight, 1,000 clients', inFlight: 16 },
];
for (const { setting, inFlight } of loads) {
  await benchmark.turns(
    setting,
    [tidewall(), ...pairs.flatMap(({ ours, theirs }) => [ours, theirs])],
    async (bench) => {
      const clients = bench.load({ clients: 1000, payload });
      await clients.connect();
      const timing = { warmUpMs: 1000, measureMs: options.seconds * 1000 };
      return deliveryFigures(await clients.run({ inFlight, ...timing }));
    },
  );
}

benchmark.finish(
  loads.flatMap(({ setting }) =>
    pairs.map(({ ours, theirs }) => ({
      text: `${setting}: ${ours.name} is never dearer than ${theirs.name}`,
      figure: 'cpuUs',
      setting,
      of: ours.name,
      over: theirs.name,
      atMost: 1,
    })),
  ),
);
