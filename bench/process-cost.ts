import { readFileSync } from 'node:fs';
import { passing } from './contender.ts';
import { median } from './rows.ts';

const SAMPLES = 5;
const SAMPLE_EVERY_MS = 200;
/** Ticks a second that Linux counts processor time in for its readers; the same on every port since 2.6. */
const TICKS_PER_SECOND = 100;

/** Resident memory of processes together, in KiB, as the kernel counts it: the middle of a few looks. */
export async function residentKb(pids: readonly number[]): Promise<number> {
  const looks: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    if (i > 0) await passing(SAMPLE_EVERY_MS);
    looks.push(residentKbNow(pids));
  }
  return median(looks);
}

/** The same, at this moment; NaN where the kernel does not tell. */
export function residentKbNow(pids: readonly number[]): number {
  return sum(pids, (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
}

/** The most resident memory that processes have had so far, each for itself, in KiB. */
export function peakKb(pids: readonly number[]): number {
  return sum(pids, (pid) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
}

/** Memory of processes together, what several of them share counted once, in KiB; NaN where the kernel does not tell. */
export function proportionalKb(pids: readonly number[]): number {
  return sum(pids, (pid) => Number(/Pss:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]));
}

/** Processor time that processes have used so far, to a hundredth of a second; NaN where the kernel does not tell. */
export function cpuNs(pids: readonly number[]): number {
  return sum(pids, (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e9;
  });
}

function sum(pids: readonly number[], read: (pid: number) => number): number {
  try {
    return pids.reduce((total, pid) => total + read(pid), 0);
  } catch {
    return Number.NaN;
  }
}
