import { Benchmark } from './benchmark.ts';
import { socketIo } from './contenders/socket-io.ts';
import { tidewalls } from './contenders/tidewall.ts';
import { readOptions } from './options.ts';
import { column } from './table.ts';
import { payloadOf } from './wire.ts';

/*
 * Everybody was cut off, a hundred publications went by, and everybody comes back in the same moment with the position
 * that they had. Socket.IO has its connection state recovery on.
 */

const MISSED = 100;

const options = readOptions();
const clientCount = options.quick ? 500 : 2000;
const setting = `${clientCount.toLocaleString('en')} clients come back at once and recover ${MISSED} publications each`;
const benchmark = new Benchmark('reconnect', options, [
  column('ms', 'ms until all have all'),
  column('cpuMs', 'CPU ms'),
  column('peakMb', 'peak MB'),
  column('riseMb', 'rise MB', 1),
  column('recovered', 'clients with all'),
  column('lost', 'lost'),
  column('doubled', 'doubled'),
]);

await benchmark.turns(setting, [...tidewalls(options), socketIo({ recover: true })], async (bench) => {
  const clients = bench.load({ clients: clientCount, addresses: 4, payload: payloadOf(200) });
  await clients.connect();
  // A position to come back to.
  await clients.publish(1);
  await clients.cut();
  await clients.publish(MISSED);
  const result = await clients.reconnect();
  if (result.closed > 0) throw new Error(`${result.closed} clients were closed when they came back`);
  return {
    ms: result.ms,
    cpuMs: result.cpuNs / 1e6,
    peakMb: result.residentPeakKb / 1024,
    riseMb: (result.residentPeakKb - result.residentBeforeKb) / 1024,
    recovered: result.recovered,
    lost: result.lost,
    doubled: result.doubled,
  };
});

const own = { setting, of: 'tidewall' };
benchmark.finish([
  { ...own, text: 'all recover', figure: 'recovered', atLeast: clientCount },
  { ...own, text: 'none is lost', figure: 'lost', atMost: 0 },
  { ...own, text: 'none is doubled', figure: 'doubled', atMost: 0 },
  { ...own, text: 'sooner than Socket.IO', figure: 'ms', over: 'socket.io', atMost: 1 },
]);
