import { Benchmark } from './benchmark.ts';
import { plainWs, plainWsCompressing } from './contenders/plain-ws.ts';
import { tidewall, tidewalls } from './contenders/tidewall.ts';
import { DELIVERY_COLUMNS, deliveryFigures } from './delivery.ts';
import { readOptions } from './options.ts';
import { column } from './table.ts';
import { NUMBER } from './wire.ts';
import { Witness } from './witness.ts';

/*
 * A state of 4 KB of which two fields of fifty change: what is sent of it, as a whole, as a change, and compressed. One
 * publication is under way at a time, so that no two are folded into one.
 */

const FIELDS = 50;
const CHANGING = 2;
const STATE_BYTES = 4096;

const options = readOptions();
const setting = '4 KB state, 2 of 50 fields change, 1,000 clients';
const benchmark = new Benchmark('delta', options, [column('bytes', 'bytes/delivery'), ...DELIVERY_COLUMNS]);
const contenders = [
  ...tidewalls(options, { kind: 'state' }),
  tidewall({ name: 'tidewall, delta', kind: 'state', subscribe: { delta: true } }),
  tidewall({ name: 'tidewall, compressed', kind: 'state', compressed: true }),
  plainWs,
  plainWsCompressing,
];
await benchmark.turns(setting, contenders, async (bench) => {
  const { wire } = bench.contender;
  const clients = bench.load({ clients: 1000, payload: stateOf(FIELDS, CHANGING, STATE_BYTES) });
  await clients.connect();
  const witness = wire.compressed ? await Witness.open(bench.server, wire) : undefined;
  const figures = deliveryFigures(
    await clients.run({ inFlight: 1, warmUpMs: 1000, measureMs: options.seconds * 1000 }),
  );
  witness?.close();
  if (witness !== undefined && witness.longest < STATE_BYTES) throw new Error('what came compressed is not the state');
  const { lost = 0, doubled = 0 } = figures;
  return { ...figures, lost: lost + (witness?.lost ?? 0), doubled: doubled + (witness?.doubled ?? 0) };
});

benchmark.finish([
  {
    text: 'at most 200 bytes a delivery with delta',
    setting,
    figure: 'bytes',
    of: 'tidewall, delta',
    atMost: 200,
    unit: ' bytes',
  },
  {
    text: 'shared compression at most 1.2× the plain CPU',
    setting,
    figure: 'cpuUs',
    of: 'tidewall, compressed',
    over: 'tidewall',
    atMost: 1.2,
  },
]);

/** A JSON object of so many fields and bytes; the first `changing` of them hold the publication's number. */
function stateOf(fields: number, changing: number, bytes: number): string {
  const names = Array.from({ length: fields }, (_, i) => (i === 0 ? 'seq' : `field-${String(i).padStart(2, '0')}`));
  const entries = names.map((name, i) => (i < changing ? `"${name}":${NUMBER}` : `"${name}":""`));
  const room = bytes - `{${entries.join(',')}}`.length;
  const each = Math.floor(room / (fields - changing));
  const lengthOf = (i: number) => (i === fields - 1 ? room - each * (fields - changing - 1) : each);
  const filled = entries.map((entry, i) => (i < changing ? entry : entry.replace('""', `"${text(i, lengthOf(i))}"`)));
  return `{${filled.join(',')}}`;
}

/** Text that compresses about as well as readings do: digits in no order, the same in each run. */
function text(seed: number, length: number): string {
  let state = seed * 2654435761;
  let made = '';
  while (made.length < length) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    made += (state % 100000).toString();
  }
  return made.slice(0, length);
}
