import { readFileSync } from 'node:fs';
import { passing } from './contender.ts';
import { median } from './statistics.ts';

const SAMPLES = 5;
const SAMPLE_EVERY_MS = 200;

/** Resident memory of processes together, in KiB, as the kernel counts it: the middle of a few looks. */
export async function residentKb(pids: readonly number[]): Promise<number> {
  const looks: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    if (i > 0) await passing(SAMPLE_EVERY_MS);
    looks.push(pids.reduce((sum, pid) => sum + residentOf(pid), 0));
  }
  return median(looks);
}

function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
}
