import { Benchmark } from './benchmark.ts';
import { bun } from './contenders/bun.ts';
import { floor } from './contenders/floor.ts';
import { mosquitto } from './contenders/mosquitto.ts';
import { nats } from './contenders/nats.ts';
import { nchan } from './contenders/nchan.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tidewall, tidewalls } from './contenders/tidewall.ts';
import { DELIVERY_COLUMNS, deliveryFigures } from './delivery.ts';
import { readOptions } from './options.ts';
import { payloadOf } from './wire.ts';

/*
 * One topic, and everybody follows it: what a delivery costs when one publication is under way, and when 16 are.
 */

const options = readOptions();
const benchmark = new Benchmark('fan-out', options, DELIVERY_COLUMNS);
const payload = payloadOf(200);

const [one, many, crowd] = ['1 in flight, 1,000 clients', '16 in flight, 1,000 clients', '1 in flight, 5,000 clients'];
const loads = [
  { setting: one, clients: 1000, inFlight: 1, floor: floor('send') },
  { setting: many, clients: 1000, inFlight: 16, floor: floor('joined') },
  { setting: crowd, clients: 5000, inFlight: 1, floor: floor('send') },
];
for (const load of loads) {
  await benchmark.turns(
    load.setting,
    [
      load.floor,
      ...tidewalls(options),
      tidewall({ name: 'tidewall, no window', limits: { flushWindowMs: 0 } }),
      tidewall({ name: 'tidewall, no journal', config: ['broker: memory'] }),
      plainWs,
      socketIo(),
      nchan,
      nats,
      mosquitto,
      bun,
    ],
    async (bench) => {
      const clients = bench.load({ clients: load.clients, payload });
      await clients.connect();
      const timing = { warmUpMs: 1000, measureMs: options.seconds * 1000 };
      return deliveryFigures(await clients.run({ inFlight: load.inFlight, ...timing }));
    },
  );
}

const cpu = { figure: 'cpuUs', of: 'tidewall' };
benchmark.finish([
  ...[one, crowd].flatMap((setting) => [
    { ...cpu, setting, text: `${setting}: at most 1.5× the C floor`, over: 'C floor', atMost: 1.5 },
    { ...cpu, setting, text: `${setting}: cheaper than plain ws`, over: 'plain ws', atMost: 1 },
    { ...cpu, setting, text: `${setting}: cheaper than Socket.IO`, over: 'socket.io', atMost: 1 },
  ]),
  { ...cpu, setting: many, text: `${many}: at most 1.25× the joined floor`, over: 'C floor, joined', atMost: 1.25 },
  ...[
    { rival: 'plain ws', times: 12 },
    { rival: 'socket.io', times: 18 },
    { rival: 'nchan', times: 8 },
    { rival: 'nats', times: 3 },
  ].map(({ rival, times }) => ({
    text: `${many}: ${times} times cheaper than ${rival}`,
    figure: 'cpuUs',
    setting: many,
    of: rival,
    over: 'tidewall',
    atLeast: times,
  })),
]);
