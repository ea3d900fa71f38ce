import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'tidewall-csv-';

/** A new folder for the copy that one question reads; its name says which process on which machine it is of. */
export function makeCopyFolder(root: string): Promise<string> {
  return mkdtemp(join(root, `${ownerPrefix()}${process.pid}-`));
}

/**
 * Removes what servers on this machine left behind that could not clean up after themselves, as after `kill -9`. Folders of
 * processes that run, of other machines and containers that share `root`, and of other users stay.
 */
export async function removeLeftCopies(root: string): Promise<void> {
  const prefix = ownerPrefix();
  const names = await readdir(root).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)-\w{6}$/.exec(name.slice(prefix.length))?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    await rm(join(root, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** A container has a host name of its own, and numbers of processes that mean nothing to others. */
function ownerPrefix(): string {
  return `${PREFIX}${hostname().replaceAll(/[^A-Za-z0-9.]+/g, '_')}-`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    // It is there, and somebody else's.
    return (failure as NodeJS.ErrnoException).code === 'EPERM';
  }
}
