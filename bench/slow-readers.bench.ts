import { Benchmark } from './benchmark.ts';
import { bun } from './contenders/bun.ts';
import { mosquitto } from './contenders/mosquitto.ts';
import { nats } from './contenders/nats.ts';
import { nchan } from './contenders/nchan.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tidewalls } from './contenders/tidewall.ts';
import { readOptions } from './options.ts';
import { column } from './table.ts';
import { payloadOf } from './wire.ts';

/*
 * Five readers of 55 stop reading: what the other fifty notice, and what it costs the server. First all read, then five
 * stall for as long, on the same server, so that its heap has grown to its size before.
 */

const CLIENTS = 55;
const STALLED = 5;
const RATE = 2000;

const options = readOptions({ rounds: 2 });
const seconds = options.quick ? 3 : 10;
const setting = `${STALLED} of ${CLIENTS} stall for ${seconds} s at 2 KB × ${RATE.toLocaleString('en')}/s`;
const benchmark = new Benchmark('slow-readers', options, [
  column('riseMb', 'memory rise MB', 1),
  column('p99Ms', 'p99 ms, all read', 2),
  column('p99StalledMs', 'p99 ms of the others', 2),
  column('p99Ratio', '×', 2),
  column('cpuUs', 'CPU µs/delivery', 2),
  column('lost', 'lost by others'),
  column('closed', 'stalled, closed'),
  column('missed', 'stalled, missed'),
]);

const contenders = [...tidewalls(options), plainWs, socketIo(), nchan, nats, mosquitto, bun];
await benchmark.turns(setting, contenders, async (bench) => {
  const clients = bench.load({ clients: CLIENTS, payload: payloadOf(2048) });
  await clients.connect();
  const timing = { rate: RATE, measureMs: seconds * 1000 };
  const all = await clients.run({ ...timing, warmUpMs: 2000 });
  const some = await clients.run({ ...timing, warmUpMs: 500, stallClients: STALLED });
  if (some.closed > 0) throw new Error(`${some.closed} readers that did not stall were closed`);
  return {
    p99Ms: all.p99Us / 1e3,
    p99StalledMs: some.p99Us / 1e3,
    p99Ratio: some.p99Us / all.p99Us,
    riseMb: (some.residentPeakKb - all.residentPeakKb) / 1024,
    cpuUs: some.cpuNs / 1e3 / some.deliveries,
    lost: all.lost + some.lost,
    doubled: all.doubled + some.doubled + some.stalled.doubled,
    closed: some.stalled.closed,
    missed: some.stalled.missed,
    othersCores: Math.max(all.othersCores, some.othersCores),
  };
});

const own = { setting, of: 'tidewall' };
benchmark.finish([
  { ...own, text: 'the other 50 lose nothing', figure: 'lost', atMost: 0 },
  { ...own, text: 'the other 50 keep their p99 within 1.5×', figure: 'p99Ratio', atMost: 1.5, unit: '×' },
  { ...own, text: 'memory rises by less than 2 MB', figure: 'riseMb', atMost: 2, unit: ' MB' },
]);
