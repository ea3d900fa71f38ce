import { Benchmark } from './benchmark.ts';
import { bun } from './contenders/bun.ts';
import { floor } from './contenders/floor.ts';
import { mosquitto } from './contenders/mosquitto.ts';
import { nats } from './contenders/nats.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tidewall, tidewalls } from './contenders/tidewall.ts';
import { DELIVERY_COLUMNS, deliveryFigures } from './delivery.ts';
import { readOptions } from './options.ts';
import { column } from './table.ts';
import { payloadOf } from './wire.ts';

/*
 * A thousand topics and a thousand clients that follow twenty each: what joining what a client gets is worth. Once all
 * topics at the same moment, and once evenly spaced, at a rate that a server of one core has to sustain.
 */

const AUDIENCE = { clients: 1000, topics: 1000, topicsPerClient: 20 };
const FOLLOWERS = 20;
const RATE = 20_000;
const OFFERED = RATE * FOLLOWERS;

const options = readOptions();
const benchmark = new Benchmark('many-topics', options, [...DELIVERY_COLUMNS, column('sustained', 'sustained', 3)]);
const contenders = [
  floor('topics'),
  floor('topics', 8),
  ...tidewalls(options),
  tidewall({ name: 'tidewall, lines in a frame', lines: true }),
  tidewall({ name: 'tidewall, no journal', config: ['broker: memory'] }),
  tidewall({ name: 'tidewall, signals', kind: 'signal' }),
  plainWs,
  socketIo(),
  nats,
  mosquitto,
  bun,
];
const timing = { warmUpMs: 1000, measureMs: options.seconds * 1000 };

const burst = '1,000 topics at once, 1,000 clients × 20';
await benchmark.turns(burst, contenders, async (bench) => {
  const clients = bench.load({ ...AUDIENCE, payload: payloadOf(200) });
  await clients.connect();
  return deliveryFigures(await clients.run({ burst: AUDIENCE.topics, ...timing }));
});

const steady = `${OFFERED.toLocaleString('en')} deliveries/s, evenly spaced`;
await benchmark.turns(steady, contenders, async (bench) => {
  const clients = bench.load({ ...AUDIENCE, payload: payloadOf(64) });
  await clients.connect();
  const result = await clients.run({ rate: RATE, ...timing });
  return { ...deliveryFigures(result), sustained: result.deliveries / (OFFERED * result.seconds) };
});

benchmark.finish([
  {
    text: `${burst}: 20 times cheaper than plain ws`,
    setting: burst,
    figure: 'cpuUs',
    of: 'plain ws',
    over: 'tidewall',
    atLeast: 20,
  },
  { text: `${burst}: no dearer than Bun`, setting: burst, figure: 'cpuUs', of: 'tidewall', over: 'bun', atMost: 1 },
  { text: `${steady}: sustained on one core`, setting: steady, figure: 'sustained', of: 'tidewall', atLeast: 0.99 },
  {
    text: `${steady}: less CPU than Bun's publish`,
    setting: steady,
    figure: 'cpuUs',
    of: 'tidewall',
    over: 'bun',
    atMost: 1,
  },
]);
