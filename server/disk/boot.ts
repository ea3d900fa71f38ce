import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';

/** Which run of the machine this is. What was written in one is there for its later processes, synced or not. */
export interface Boot {
  /** Linux's own name for it. */
  readonly id?: string;
  /** Where the machine has no name for it: when it began, ms since 1970 by the wall. */
  readonly beganAt?: number;
}

/** A wall clock that is set moves the beginning; more than this counts as another run, which is the safe side. */
const SAME_BEGINNING_MS = 5000;

export async function thisBoot(now: number): Promise<Boot> {
  try {
    return { id: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() };
  } catch {
    return { beganAt: Math.round(now - uptime() * 1000) };
  }
}

/** Whether both are surely the same run. */
export function sameBoot(a: Boot, b: Boot): boolean {
  if (a.id !== undefined || b.id !== undefined) return a.id === b.id;
  if (a.beganAt === undefined || b.beganAt === undefined) return false;
  return Math.abs(a.beganAt - b.beganAt) <= SAME_BEGINNING_MS;
}
