import { readdir, readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { TidewallError } from '@tidewall/protocol';
import { parseMounts, readMountUse } from './mounts.ts';
import {
  type KernelUnits,
  parseAuxv,
  parseDiskstats,
  parseLoadavg,
  parseMeminfo,
  parseNetDev,
  parseProcessStat,
  parseStat,
  parseUptime,
} from './parse-proc.ts';
import type { MountUse, ProcessReading, ReadMachine } from './reading.ts';

/** Processes beyond these are counted and not read, so that a second is never spent on reading. */
const MAX_PROCESSES_READ = 4_096;
/** Files that are open at once while processes are read. */
const FILES_AT_ONCE = 32;

/**
 * Reads a Linux machine through its process file system. What a container hides is null.
 *
 * @param networkOf whose network is counted, since /proc/net is that of whoever reads it: our own, or that of process 1
 *   when the directory is of the machine around our container
 */
export function createProcReader(procDir: string, networkOf: 'self' | '1'): ReadMachine {
  let units: Promise<KernelUnits> | undefined;

  return async (monotonicMs) => {
    units ??= readUnits(procDir);
    const [statText, memoryText] = await Promise.all([readNeeded(procDir, 'stat'), readNeeded(procDir, 'meminfo')]);
    const [load, uptime, netDev, diskstats, mounts, processes] = await Promise.all([
      readIfThere(procDir, 'loadavg'),
      readIfThere(procDir, 'uptime'),
      readIfThere(procDir, `${networkOf}/net/dev`),
      readIfThere(procDir, 'diskstats'),
      readMounts(procDir),
      readProcesses(procDir, await units),
    ]);
    const { cpu, cores } = parseStat(statText);
    const memory = parseMeminfo(memoryText);
    if (!cpu || !memory) throw new TidewallError('source_error', `${procDir} is not a process file system of Linux`);
    return {
      monotonicMs,
      cpu,
      cores,
      memory,
      load: load === undefined ? null : parseLoadavg(load),
      uptimeSeconds: uptime === undefined ? null : parseUptime(uptime),
      network: netDev === undefined ? null : parseNetDev(netDev),
      disks: diskstats === undefined ? null : parseDiskstats(diskstats),
      mounts,
      processes: processes.readings,
      processCount: processes.count,
    };
  };
}

async function readNeeded(procDir: string, name: string): Promise<string> {
  try {
    return await readFile(join(procDir, name), 'utf8');
  } catch (cause) {
    throw new TidewallError('source_error', `cannot read ${join(procDir, name)}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function readIfThere(procDir: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(procDir, name), 'utf8');
  } catch {
    return undefined;
  }
}

async function readUnits(procDir: string): Promise<KernelUnits> {
  const auxv = await readFile(join(procDir, 'self/auxv')).catch(() => Buffer.alloc(0));
  return parseAuxv(auxv, process.arch === 'arm' || process.arch === 'ia32' ? 4 : 8, endianness());
}

async function readMounts(procDir: string): Promise<MountUse[]> {
  const text = await readIfThere(procDir, 'self/mounts');
  if (text === undefined) return [];
  const uses = await Promise.all(parseMounts(text).map(readMountUse));
  return uses.filter((use) => use !== undefined);
}

async function readProcesses(
  procDir: string,
  units: KernelUnits,
): Promise<{ readings: ProcessReading[]; count: number }> {
  const pids = (await readdir(procDir)).filter((name) => /^\d+$/.test(name));
  const readings: ProcessReading[] = [];
  for (let i = 0; i < Math.min(pids.length, MAX_PROCESSES_READ); i += FILES_AT_ONCE) {
    const texts = await Promise.all(pids.slice(i, i + FILES_AT_ONCE).map((pid) => readIfThere(procDir, `${pid}/stat`)));
    for (const text of texts) {
      const reading = text === undefined ? undefined : parseProcessStat(text, units);
      if (reading) readings.push(reading);
    }
  }
  return { readings, count: pids.length };
}
