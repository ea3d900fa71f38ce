import { Benchmark } from './benchmark.ts';
import { csvParse, csvSource } from './contenders/csv.ts';
import { writeCsvFile } from './csv-file.ts';
import { readOptions } from './options.ts';
import { cpuNs, peakKb, residentKb } from './process-cost.ts';
import { column } from './table.ts';

/*
 * A large CSV file, read row by row: as a source reads it into a log or a series, with types and each publication awaited
 * by somebody who only counts, and by a plain loop over csv-parse, which has texts and does nothing with them. Memory is
 * what is added to that of the process before it reads.
 */

const options = readOptions({ rounds: 3 });
const megabytes = options.quick ? 50 : 1000;
const setting = `${megabytes.toLocaleString('en')} MB of CSV`;
const benchmark = new Benchmark('csv', options, [
  column('seconds', 'seconds', 2),
  column('rowsPerSecond', 'rows/s'),
  column('cpuSeconds', 'CPU seconds', 2),
  column('peakMb', 'MiB added at most', 1),
]);

const file = await writeCsvFile(megabytes * 1e6);
const contenders = [
  csvSource(file, 'log'),
  csvSource(file, 'series'),
  csvParse(file, 'lists'),
  csvParse(file, 'objects'),
];

await benchmark.turns(setting, contenders, async ({ contender, server }) => {
  const [beforeKb, beforeNs] = [await residentKb(server.pids), cpuNs(server.pids)];
  const response = await fetch(`http://127.0.0.1:${server.port}/run`, { signal: AbortSignal.timeout(1_800_000) });
  if (!response.ok) throw new Error(await response.text());
  const { rows, seconds } = (await response.json()) as { rows: number; seconds: number };
  if (rows !== file.rows) throw new Error(`${contender.name} found ${rows} rows of ${file.rows}`);
  return {
    seconds,
    rowsPerSecond: rows / seconds,
    cpuSeconds: (cpuNs(server.pids) - beforeNs) / 1e9,
    peakMb: (peakKb(server.pids) - beforeKb) / 1024,
  };
});

benchmark.finish([
  ...['tidewall, log', 'tidewall, series'].map((of) => ({
    text: `${setting}: ${of} takes at most 1.3 times as long as csv-parse`,
    ...{ setting, figure: 'seconds', of, over: 'csv-parse, lists', atMost: 1.3 },
  })),
  ...['tidewall, log', 'tidewall, series'].map((of) => ({
    text: `${setting}: ${of} adds at most 128 MiB`,
    ...{ setting, figure: 'peakMb', of, atMost: 128, unit: ' MiB' },
  })),
]);
