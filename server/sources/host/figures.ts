import type { CpuTimes, ProcessReading, Reading, Traffic } from './reading.ts';

/** Shares of the time between two readings, in percent; null when no time passed by their counters. */
export interface CpuShares {
  readonly total: number | null;
  readonly user: number | null;
  readonly system: number | null;
  readonly iowait: number | null;
}

export interface TrafficRate {
  readonly name: string;
  /** Bytes a second; null for a device that just came, or whose counter went back. */
  readonly inRate: number | null;
  readonly outRate: number | null;
}

export interface ProcessFigure {
  readonly pid: number;
  readonly name: string;
  /** Percent of one core, as `top` has it: a process with several threads may pass 100. Null for a new one. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number;
}

/** What changed between two readings. Nothing here is ever negative, whatever the counters and clocks did. */
export interface Figures {
  readonly cpu: CpuShares;
  readonly cores: readonly { readonly name: string; readonly value: number | null }[];
  readonly interfaces: readonly TrafficRate[];
  /** All of the machine; null where no device tells. */
  readonly network: { readonly inRate: number | null; readonly outRate: number | null };
  readonly disks: { readonly inRate: number | null; readonly outRate: number | null };
  /** The busiest first, then the largest. */
  readonly processes: readonly ProcessFigure[];
}

const NO_SHARES: CpuShares = { total: null, user: null, system: null, iowait: null };

/** The figures of the time between two readings of one machine. */
export function figuresBetween(before: Reading, after: Reading): Figures {
  const elapsedMs = after.monotonicMs - before.monotonicMs;
  const interfaces = trafficRates(before.network, after.network, elapsedMs);
  const disks = trafficRates(before.disks, after.disks, elapsedMs);
  return {
    cpu: cpuShares(before.cpu, after.cpu),
    cores: [...after.cores].map(([name, times]) => {
      const earlier = before.cores.get(name);
      return { name, value: earlier ? cpuShares(earlier, times).total : null };
    }),
    interfaces,
    network: totalRate(outwardInterfaces(interfaces)),
    disks: totalRate(disks),
    processes: processFigures(before, after, elapsedMs),
  };
}

/** Growth a second; null when the counter went back (it wrapped, or its device was reset) or no time passed. */
export function ratePerSecond(before: number | undefined, after: number, elapsedMs: number): number | null {
  if (before === undefined || after < before || elapsedMs <= 0) return null;
  return ((after - before) * 1000) / elapsedMs;
}

/** @returns shares that add up to at most 100 */
export function cpuShares(before: CpuTimes, after: CpuTimes): CpuShares {
  // Idle and iowait are known to go back a little (proc(5)), a hot-plugged core starts anew: no growth is the best guess.
  const grown = (name: 'user' | 'system' | 'stolen' | 'idle' | 'iowait'): number =>
    Math.max(0, (after[name] ?? 0) - (before[name] ?? 0));
  const [user, system, stolen, idle, iowait] = [
    grown('user'),
    grown('system'),
    grown('stolen'),
    grown('idle'),
    grown('iowait'),
  ];
  const all = user + system + stolen + idle + iowait;
  if (all <= 0) return NO_SHARES;
  const percent = (part: number) => (part * 100) / all;
  return {
    total: percent(user + system + stolen),
    user: percent(user),
    system: percent(system),
    iowait: after.iowait === null ? null : percent(iowait),
  };
}

function trafficRates(
  before: ReadonlyMap<string, Traffic> | null,
  after: ReadonlyMap<string, Traffic> | null,
  elapsedMs: number,
): TrafficRate[] {
  return [...(after ?? [])].map(([name, { inBytes, outBytes }]) => {
    const earlier = before?.get(name);
    return {
      name,
      inRate: ratePerSecond(earlier?.inBytes, inBytes, elapsedMs),
      outRate: ratePerSecond(earlier?.outBytes, outBytes, elapsedMs),
    };
  });
}

function totalRate(rates: readonly TrafficRate[]): { inRate: number | null; outRate: number | null } {
  return {
    inRate: sumOfKnown(rates.map((rate) => rate.inRate)),
    outRate: sumOfKnown(rates.map((rate) => rate.outRate)),
  };
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** Interfaces whose traffic passes through another one too, or never leaves the machine. */
const INWARD_INTERFACE = /^(lo|veth|docker|br-|virbr|cni|flannel|cali|vxlan|tunl|tun|tap|wg|bond|team|dummy|ifb)|[.@]/;

/** The interfaces that together make the machine's traffic; all of them when none is known as such. */
function outwardInterfaces(rates: readonly TrafficRate[]): readonly TrafficRate[] {
  const outward = rates.filter(({ name }) => !INWARD_INTERFACE.test(name));
  return outward.length > 0 ? outward : rates.filter(({ name }) => name !== 'lo');
}

function processFigures(before: Reading, after: Reading, elapsedMs: number): ProcessFigure[] {
  const identity = ({ pid, startedAtTick }: ProcessReading) => `${pid}:${startedAtTick}`;
  const earlier = new Map((before.processes ?? []).map((reading) => [identity(reading), reading.cpuSeconds]));
  const most = Math.max(1, after.cores.size) * 100;
  const figures = (after.processes ?? []).map((reading) => {
    const rate = ratePerSecond(earlier.get(identity(reading)), reading.cpuSeconds, elapsedMs);
    return {
      pid: reading.pid,
      name: reading.name,
      // Ticks are coarse: two of them in a short time may look like more than there is.
      cpuPercent: rate === null ? null : Math.min(most, rate * 100),
      memoryBytes: reading.memoryBytes,
    };
  });
  return figures.sort((a, b) => (b.cpuPercent ?? 0) - (a.cpuPercent ?? 0) || b.memoryBytes - a.memoryBytes);
}
