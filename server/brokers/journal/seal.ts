import { open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Boot, sameBoot } from '@tidewall/disk';
import { syncFolder } from './journal-folder.ts';

/**
 * Stands for the promise that the files have every publication that anybody was told of. It is broken by removing one
 * file, which needs no room on a full disk.
 */
export interface Seal {
  readonly boot: Boot;
  /** `always`: what was told had reached the disk before; `interval`: it may still have been in the machine's memory. */
  readonly sync: 'interval' | 'always';
  /** Whether the journal was closed, with everything on the disk. */
  readonly closed: boolean;
}

const NAME = 'seal';

/** Whether positions of before may be continued; if not, every topic must have a new epoch. */
export function holds(seal: Seal | undefined, boot: Boot): boolean {
  if (seal === undefined) return false;
  return seal.closed || seal.sync === 'always' || sameBoot(seal.boot, boot);
}

/** Undefined when it is broken, or cannot be read. */
export async function readSeal(folder: string): Promise<Seal | undefined> {
  try {
    const seal = JSON.parse(await readFile(join(folder, NAME), 'utf8')) as Seal;
    return typeof seal.boot === 'object' && seal.boot !== null ? seal : undefined;
  } catch {
    return undefined;
  }
}

/** The seal of one folder. What is asked for is done one after the other, so that the last word counts. */
export class FolderSeal {
  readonly #folder: string;
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Seals the folder; it survives a power cut from the moment this resolves. */
  write(seal: Seal): Promise<void> {
    return this.#then(async () => {
      const path = join(this.#folder, NAME);
      const part = `${path}.part`;
      const handle = await open(part, 'w', 0o600);
      try {
        await handle.writeFile(`${JSON.stringify(seal)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(part, path);
      await syncFolder(this.#folder);
    });
  }

  /** Breaks the seal, for good once this resolves. */
  break(): Promise<void> {
    return this.#then(async () => {
      try {
        await unlink(join(this.#folder, NAME));
      } catch (failure) {
        if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') throw failure;
      }
      await syncFolder(this.#folder);
    });
  }

  #then(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }
}
