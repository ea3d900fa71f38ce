import { cpus, freemem, loadavg, totalmem, uptime } from 'node:os';
import { parse } from 'node:path';
import { readMountUse } from './mounts.ts';
import type { CpuTimes, ReadMachine } from './reading.ts';

/**
 * Reads any machine through Node alone. Null is what it does not offer: time spent waiting for disks, caches, swap,
 * traffic of network and disks, and processes; on Windows the load too. Of file systems it knows the one it runs on.
 */
export function createOsReader(platform: NodeJS.Platform): ReadMachine {
  return async (monotonicMs) => {
    const cores = new Map(cpus().map(({ times }, index) => [`cpu${index}`, timesOf(times)] as const));
    const [m1 = 0, m5 = 0, m15 = 0] = loadavg();
    const totalBytes = totalmem();
    const freeBytes = freemem();
    const root = await readMountUse({ device: '', mount: parse(process.cwd()).root });
    return {
      monotonicMs,
      cpu: sum([...cores.values()]),
      cores,
      memory: {
        totalBytes,
        usedBytes: totalBytes - freeBytes,
        freeBytes,
        cachedBytes: null,
        swapTotalBytes: null,
        swapUsedBytes: null,
      },
      load: platform === 'win32' ? null : [m1, m5, m15],
      uptimeSeconds: uptime(),
      network: null,
      disks: null,
      mounts: root ? [root] : [],
      processes: null,
      processCount: null,
    };
  };
}

interface NodeCpuTimes {
  readonly user: number;
  readonly nice: number;
  readonly sys: number;
  readonly idle: number;
  readonly irq: number;
}

function timesOf({ user, nice, sys, idle, irq }: NodeCpuTimes): CpuTimes {
  return { user: user + nice, system: sys + irq, stolen: 0, iowait: null, idle };
}

function sum(cores: readonly CpuTimes[]): CpuTimes {
  let [user, system, idle] = [0, 0, 0];
  for (const core of cores) {
    user += core.user;
    system += core.system;
    idle += core.idle;
  }
  return { user, system, stolen: 0, iowait: null, idle };
}
