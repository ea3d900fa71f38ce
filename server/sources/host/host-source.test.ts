import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { testContext } from '../source-context.contract.ts';
import { hostConfigSchema } from './config.ts';
import { HostSource } from './host-source.ts';
import { createOsReader } from './read-os.ts';
import { createProcReader } from './read-proc.ts';
import { writeSampleProc } from './sample-proc.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let clock: FakeClock;
let sink: RecordingSink;
let abort: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-host-'));
  await writeSampleProc(folder);
  clock = new FakeClock(1_700_000_000_300);
  sink = new RecordingSink();
  abort = new AbortController();
});

afterEach(async () => {
  abort.abort();
  await running?.catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

function run(config: object = { procDir: folder }): void {
  const context = testContext({ name: 'host', baseDir: folder, clock, log: silent, limits: DEFAULT_LIMITS });
  running = new HostSource(hostConfigSchema.parse(config), context).run(sink, abort.signal);
}

/** Files are read in the machine's time: waits until the source has published and armed its next tick. */
async function idle(): Promise<void> {
  const deadline = performance.now() + 5_000;
  do await clock.advance(0);
  while (clock.pending === 0 && performance.now() < deadline);
  expect(clock.pending).toBe(1);
}

async function tickAfter(ms: number): Promise<void> {
  await clock.advance(ms);
  await idle();
}

function dataOf(topic: string): JsonObject[] {
  return sink.of(topic).map(({ data }) => data as JsonObject);
}

async function change(place: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, place), 'utf8');
  expect(text).toContain(from);
  await writeFile(join(folder, place), text.replaceAll(from, to));
}

describe('the first reading', () => {
  it('gives what is no difference, and no rate', async () => {
    run();
    await idle();
    expect(dataOf('host/memory')).toMatchObject([{ usedPercent: 37.5, swapPercent: 25 }]);
    expect(dataOf('host/load')).toEqual([{ t: 1_700_000_000_300, m1: 0.52, m5: 0.34, m15: 0.21 }]);
    expect(dataOf('host/system')).toMatchObject([{ uptimeSeconds: 3606, nodeVersion: process.version }]);
    expect(sink.of('host/now')).toEqual([]);
    expect(sink.of('host/cpu')).toEqual([]);
  });
});

describe('later readings', () => {
  beforeEach(async () => {
    run();
    await idle();
  });

  it('give rates over the time between them, at whole seconds', async () => {
    await change('stat', 'cpu  4000 100 2000 30000', 'cpu  4025 100 2025 30050');
    await change('diskstats', '35251 9474 2000', '35251 9474 2140');
    await change('1/net/dev', 'eth0:361212701', 'eth0:361219701');
    await change('42/stat', '0 0 0 7 3', '0 0 0 40 5');
    await tickAfter(700);
    expect(dataOf('host/cpu')).toEqual([{ t: 1_700_000_001_000, total: 50, user: 25, system: 25, iowait: 0 }]);
    expect(dataOf('host/now')).toMatchObject([
      { cpuPercent: 50, cores: 2, processes: 2, rxBytesPerSecond: 10_000, txBytesPerSecond: 0 },
    ]);
    expect(dataOf('host/disk-io')).toMatchObject([{ read: 102_400, write: 0 }]);
    const busiest = { pid: 42, name: 'a b) c', cpuPercent: 50, memoryBytes: 1_024_000 };
    expect(sink.of('host/processes')).toMatchObject([{ op: 'replace', data: [busiest, { pid: 1, cpuPercent: 0 }] }]);
  });

  it('are neither negative nor absurd when somebody sets the clock', async () => {
    await tickAfter(700);
    for (const [digit, jump] of [-7_200_000, 86_400_000, -1, 333].entries()) {
      clock.jump(jump);
      await change('1/net/dev', `eth0:361${2 + digit}`, `eth0:361${3 + digit}`);
      await tickAfter(1000);
      const { rx } = dataOf('host/network').at(-1) as { rx: number };
      // 100,000 bytes came in, over half a second at least.
      expect(rx).toBeGreaterThan(0);
      expect(rx).toBeLessThanOrEqual(200_000);
    }
  });

  it('tell only the rows of a table that changed', async () => {
    await tickAfter(700);
    await change('1/net/dev', 'eth0:361212701', 'eth0:361213701');
    await tickAfter(1000);
    const [first, second, ...more] = sink.of('host/interfaces');
    expect(first?.op).toBe('replace');
    expect(second).toMatchObject({ op: 'upsert', data: [{ name: 'eth0', rx: 1000, tx: 0 }] });
    expect(more).toEqual([]);
  });

  it('say that the topics are well whose tables did not change', async () => {
    await tickAfter(700);
    await tickAfter(1000);
    // Of the interfaces, which are the test's own: the disks are this machine's, and somebody may be writing to them.
    const before = sink.of('host/interfaces').length;
    await tickAfter(1000);
    expect(sink.of('host/interfaces')).toHaveLength(before);
    expect(sink.healthyCalls).toBe(3);
  });

  it('have null for what the machine hides', async () => {
    await rm(join(folder, 'diskstats'));
    await rm(join(folder, 'loadavg'));
    await tickAfter(700);
    expect(dataOf('host/now')).toMatchObject([{ readBytesPerSecond: null, load1: null }]);
    expect(dataOf('host/load').at(-1)).toMatchObject({ m1: null });
  });
});

it('a folder that is no process file system is named', async () => {
  await writeFile(join(folder, 'stat'), 'hello');
  run();
  await expect(running).rejects.toThrow(/is not a process file system/);
});

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  it('this machine shows what it really does', async () => {
    const read = createProcReader('/proc', 'self');
    const { memory, cores, processes, network, load, uptimeSeconds } = await read(0);
    expect(memory.totalBytes).toBeGreaterThan(memory.usedBytes);
    expect(memory.usedBytes).toBeGreaterThan(0);
    expect(cores.size).toBeGreaterThan(0);
    expect(processes?.find(({ pid }) => pid === process.pid)?.memoryBytes).toBeGreaterThan(10_000_000);
    expect(network?.has('lo')).toBe(true);
    expect(load).toHaveLength(3);
    expect(uptimeSeconds).toBeGreaterThan(0);
  });

  it('the whole source runs on it', async () => {
    run({});
    await idle();
    await tickAfter(700);
    const [now] = dataOf('host/now');
    expect(now?.['memoryPercent']).toBeGreaterThan(0);
    expect(now?.['cores']).toBeGreaterThan(0);
  });
});

it('through Node alone, what it does not offer is null', async () => {
  const reading = await createOsReader('win32')(0);
  expect(reading).toMatchObject({ load: null, network: null, disks: null, processes: null });
  expect(reading.cpu.iowait).toBeNull();
  expect(reading.memory.totalBytes).toBeGreaterThan(0);
  expect(isJsonObject(reading.memory)).toBe(true);
});
