import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Boot, sameBoot, thisBoot } from './boot.ts';

/** Who holds a folder, as its lock says. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly boot: Boot;
  /** The kernel's list of processes that `pid` is a number of: containers have their own. Linux only. */
  readonly pids?: string;
  /** When the process began, in the kernel's own unit: a number of a process that has ended is given again. Linux only. */
  readonly began?: string;
  /** When it took the folder, ms since 1970 by its clock; absent in locks that others have written. */
  readonly since?: number;
  /** Different for each lock there ever was. */
  readonly lock: string;
}

/** This process, before it has a lock. */
export type Self = Omit<Holder, 'lock' | 'since'>;

export async function thisProcess(now: number): Promise<Self> {
  const [boot, pids, began] = await Promise.all([
    thisBoot(now),
    readlink('/proc/self/ns/pid').catch(() => undefined),
    beganOf(process.pid),
  ]);
  return {
    pid: process.pid,
    host: hostname(),
    boot,
    ...(pids === undefined ? {} : { pids }),
    ...(began === undefined ? {} : { began }),
  };
}

/** Field 22 of `/proc/<pid>/stat`; the name before it may hold anything but ends with the last bracket. */
async function beganOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Whether this process can look the holder's process up: the same host, run of its machine, and list of processes. */
export function canSee(self: Self, holder: Holder): boolean {
  // The run tells two machines of one name apart. Where it has no name, that of the host must do.
  const sameRun = self.boot.id === undefined || sameBoot(self.boot, holder.boot);
  return sameRun && holder.host === self.host && holder.pids === self.pids;
}

/** Whether the holder's process is still there; only for one that can be seen. */
export async function lives(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (failure) {
    // Somebody else's process cannot be signalled, but it is there.
    if ((failure as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const began = await beganOf(holder.pid);
  return holder.began === undefined || began === undefined || began === holder.began;
}
