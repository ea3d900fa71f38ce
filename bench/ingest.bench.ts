import { Agent, request } from 'node:http';
import { type Bench, Benchmark } from './benchmark.ts';
import { influxDb, prometheus } from './contenders/receivers.ts';
import { tidewall } from './contenders/tidewall.ts';
import { lineProtocol, type MeasurementBody, remoteWrite } from './measurements.ts';
import { readOptions } from './options.ts';
import { cpuNs } from './process-cost.ts';
import type { Figures } from './rows.ts';
import { column } from './table.ts';

/*
 * What taking measurements costs, beside the databases whose protocols they come in: the same requests to each, on one core.
 * Those store and compress; we keep the newest points of each series as a topic, and a row of each in a table, both to be
 * followed live.
 */

const SERIES = 1000;
const WARM_UP_MS = 1000;
/** One after the other: a database takes no sample that is older than one that it has. */
const IN_FLIGHT = 1;
const HOUR_MS = 3_600_000;

const options = readOptions();
const config = ['ingest: { series: 20000 }'];
const ours = tidewall({ limits: { topics: 40_000 }, config });
const inMemory = tidewall({
  name: 'tidewall, in memory',
  limits: { topics: 40_000 },
  config: [...config, 'broker: memory'],
});
const benchmark = new Benchmark('ingest', options, [
  column('cpuUs', 'CPU µs/sample', 2),
  column('perSecond', 'samples/s'),
  column('p50Ms', 'p50 ms a request', 1),
]);

interface Address {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const REMOTE_WRITE = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};
const LINES: Readonly<Record<string, Address>> = {
  influxdb: { path: '/write?db=bench', headers: {} },
  tidewall: { path: '/api/ingest/influx/write?db=bench', headers: {} },
};
const SAMPLES: Readonly<Record<string, Address>> = {
  prometheus: { path: '/api/v1/write', headers: REMOTE_WRITE },
  tidewall: { path: '/api/ingest/prometheus', headers: REMOTE_WRITE },
};

function post(port: number, agent: Agent, { path, headers }: Address, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const posted = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (response) => {
      let said = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      response.on('end', () =>
        response.statusCode === 204 ? resolve() : reject(new Error(`${response.statusCode}: ${said.slice(0, 200)}`)),
      );
    });
    // It waits to be sent while the next one is made.
    posted.on('error', reject).end(Buffer.from(body));
  });
}

async function measure(
  { server, contender }: Bench,
  addresses: typeof LINES,
  body: MeasurementBody,
  points: number,
): Promise<Figures> {
  const address = addresses[contender.name.split(',')[0] as string] as Address;
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const waits: number[] = [];
  let time = Date.now() - HOUR_MS;
  let sent = 0;
  let stopAt = performance.now() + WARM_UP_MS;
  const run = async () => {
    while (performance.now() < stopAt) {
      time += points * 1000;
      const bytes = body.at(time);
      const began = performance.now();
      await post(server.port, agent, address, bytes);
      waits.push(performance.now() - began);
      sent += body.samples;
    }
  };
  const all = () => Promise.all(Array.from({ length: IN_FLIGHT }, run));
  try {
    await all();
    waits.length = 0;
    const [before, began, first] = [cpuNs(server.pids), performance.now(), sent];
    stopAt = began + options.seconds * 1000;
    await all();
    const count = sent - first;
    const seconds = (performance.now() - began) / 1000;
    waits.sort((a, b) => a - b);
    return {
      cpuUs: (cpuNs(server.pids) - before) / 1e3 / count,
      perSecond: count / seconds,
      p50Ms: waits[waits.length >> 1] ?? Number.NaN,
    };
  } finally {
    agent.destroy();
  }
}

const ONE_LINE = `line protocol, ${SERIES} series, a line of each a request`;
const TEN_LINES = `line protocol, ${SERIES} series, ten lines of each a request`;
const ONE_SAMPLE = `remote write, ${SERIES} series, a sample of each a request`;
for (const [setting, points] of [
  [ONE_LINE, 1],
  [TEN_LINES, 10],
] as const) {
  const body = lineProtocol({ series: SERIES, points });
  await benchmark.turns(setting, [ours, inMemory, influxDb], (bench) => measure(bench, LINES, body, points));
}
const samples = remoteWrite({ series: SERIES, points: 1 });
await benchmark.turns(ONE_SAMPLE, [ours, inMemory, prometheus], (bench) => measure(bench, SAMPLES, samples, 1));

benchmark.finish([
  {
    text: `${TEN_LINES}: at most 1.5× the CPU of InfluxDB`,
    setting: TEN_LINES,
    figure: 'cpuUs',
    of: 'tidewall',
    over: 'influxdb',
    atMost: 1.5,
  },
  {
    text: `${ONE_LINE}: at most 4× the CPU of InfluxDB`,
    setting: ONE_LINE,
    figure: 'cpuUs',
    of: 'tidewall',
    over: 'influxdb',
    atMost: 4,
  },
  {
    text: `${ONE_SAMPLE}: at most 7× the CPU of Prometheus`,
    setting: ONE_SAMPLE,
    figure: 'cpuUs',
    of: 'tidewall',
    over: 'prometheus',
    atMost: 7,
  },
]);
