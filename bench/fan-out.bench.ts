import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Contender, startContender } from './contender.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { tidewall } from './contenders/tidewall.ts';
import { cpuSeconds, residentBytes } from './cpu-time.ts';
import { load } from './load-client.ts';

/*
 * Publish → received by 1,000 sessions: Tidewall beside a plain loop over `ws`, in turns within one run, so that what
 * the machine does meanwhile meets both. Only ratios mean something; absolute figures are this machine's at this hour.
 */

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    payload: { type: 'string', default: '200' },
    save: { type: 'boolean', default: false },
  },
});
const [subscribers, seconds, rounds, payloadBytes] = [
  values.subscribers,
  values.seconds,
  values.rounds,
  values.payload,
].map(Number) as [number, number, number, number];

interface Row {
  readonly contender: string;
  readonly inFlight: number;
  readonly deliveriesPerSecond: number;
  readonly cpuMicrosPerDelivery: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
  readonly lost: number;
}

async function measure(contender: Contender, inFlight: number): Promise<Row> {
  const server = await startContender(contender);
  const cpu: number[] = [];
  try {
    const result = await load({
      contender,
      port: server.port,
      subscribers,
      inFlight,
      payloadBytes,
      warmUpMs: 1000,
      measureMs: seconds * 1000,
      mark: () => cpu.push(cpuSeconds(server.pid) ?? Number.NaN),
    });
    const deliveries = result.publications * subscribers;
    return {
      contender: contender.name,
      inFlight,
      deliveriesPerSecond: deliveries / result.seconds,
      cpuMicrosPerDelivery: (((cpu[1] ?? Number.NaN) - (cpu[0] ?? Number.NaN)) / deliveries) * 1e6,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      residentMiB: (residentBytes(server.pid) ?? Number.NaN) / 1024 / 1024,
      lost: result.lost,
    };
  } finally {
    await server.stop();
  }
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const rows: Row[] = [];
console.log(`${subscribers} subscribers, ${payloadBytes} bytes, ${rounds} rounds of ${seconds} s in turns`);
for (let round = 0; round < rounds; round++) {
  for (const inFlight of [1, 16]) {
    for (const contender of [tidewall, plainWs]) {
      const row = await measure(contender, inFlight);
      rows.push(row);
      console.log(
        `${row.contender.padEnd(14)} ${String(inFlight).padStart(2)} in flight  ` +
          `${row.cpuMicrosPerDelivery.toFixed(2).padStart(6)} µs CPU a delivery  ` +
          `${Math.round(row.deliveriesPerSecond).toLocaleString('en').padStart(10)} deliveries/s  ` +
          `p50 ${row.p50Ms.toFixed(1)} ms  p99 ${row.p99Ms.toFixed(1)} ms  ${row.residentMiB.toFixed(0)} MiB  lost ${row.lost}`,
      );
    }
  }
}

const summary = [1, 16].map((inFlight) => {
  const cpuOf = (name: string) =>
    median(
      rows.filter((row) => row.contender === name && row.inFlight === inFlight).map((row) => row.cpuMicrosPerDelivery),
    );
  return { inFlight, plainOverTidewall: cpuOf(plainWs.name) / cpuOf(tidewall.name) };
});
for (const { inFlight, plainOverTidewall } of summary) {
  console.log(
    `${inFlight} in flight: the plain ws loop costs ${plainOverTidewall.toFixed(2)}× Tidewall's CPU a delivery (medians)`,
  );
}
if (values.save) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, platform: process.platform };
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`fan-out-${new Date().toISOString().slice(0, 10)}.json`, folder);
  writeFileSync(file, `${JSON.stringify({ machine, subscribers, payloadBytes, seconds, rows, summary }, null, 2)}\n`);
}
if (rows.some((row) => row.lost > 0)) {
  console.error('a publication was lost or doubled: the figures mean nothing');
  process.exitCode = 1;
}
