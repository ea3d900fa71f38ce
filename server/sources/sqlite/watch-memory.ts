import { readFile } from 'node:fs/promises';
import type { Clock } from '@tidewall/base';

const LOOK_MS = 100;

export interface MemoryWatch {
  readonly clock: Clock;
  readonly pid: number;
  readonly mostBytes: number;
  exceeded(): void;
}

/** Calls `exceeded` once, soon after a process has more memory than that. Only Linux tells. @returns what ends it */
export function watchMemory({ clock, pid, mostBytes, exceeded }: MemoryWatch): () => void {
  let over = false;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (over) return;
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(status) ?? [];
    if (Number(kilobytes) * 1024 > mostBytes) exceeded();
    else cancel = clock.after(LOOK_MS, look);
  };
  let cancel = process.platform === 'linux' ? clock.after(LOOK_MS, look) : () => {};
  return () => {
    over = true;
    cancel();
  };
}
