import { Benchmark } from './benchmark.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tcvBackend } from './contenders/tcv-backend.ts';
import { tidewall } from './contenders/tidewall.ts';
import { tidewallSocketIo, tidewallSocketService, tidewallTcv } from './contenders/tidewall-wires.ts';
import { DELIVERY_COLUMNS, deliveryFigures } from './delivery.ts';
import { readOptions } from './options.ts';
import { column } from './table.ts';
import { payloadOf } from './wire.ts';

/*
 * One topic to a thousand clients by the wires of others, each beside the server that the wire was made with. A
 * SocketService's own is a loop over the clients of a plain `ws` server; a backend of Tencent Cloud 图 is Express and `ws`.
 */

const options = readOptions();
const benchmark = new Benchmark('wires', options, [...DELIVERY_COLUMNS, column('bytes', 'bytes each')]);
const payload = payloadOf(200);
const pairs = [
  { ours: tidewallSocketIo(), theirs: socketIo() },
  { ours: tidewallSocketService(), theirs: plainWs },
  { ours: tidewallTcv(), theirs: tcvBackend },
];

/** A component of TCV shows a state: of publications that come faster than a flush it is sent the newest. */
const everyPublication = pairs.filter(({ ours }) => ours.name !== tidewallTcv().name);
const loads = [
  { setting: '1 in flight, 1,000 clients', run: { inFlight: 1 }, of: pairs },
  { setting: '16 in flight, 1,000 clients', run: { inFlight: 16 }, of: everyPublication },
  { setting: '40 a second, 1,000 clients', run: { rate: 40 }, of: pairs },
];
for (const { setting, run, of } of loads) {
  const contenders = [tidewall(), ...of.flatMap(({ ours, theirs }) => [ours, theirs])];
  await benchmark.turns(setting, contenders, async (bench) => {
    const clients = bench.load({ clients: 1000, payload });
    await clients.connect();
    const timing = { warmUpMs: 1000, measureMs: options.seconds * 1000 };
    return deliveryFigures(await clients.run({ ...run, ...timing }));
  });
}

benchmark.finish(
  loads.flatMap(({ setting, of }) =>
    of.map(({ ours, theirs }) => ({
      text: `${setting}: ${ours.name} is never dearer than ${theirs.name}`,
      figure: 'cpuUs',
      setting,
      of: ours.name,
      over: theirs.name,
      atMost: 1,
    })),
  ),
);
