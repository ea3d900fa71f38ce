import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { canSee, type Holder, lives, type Self, thisProcess } from './holder.ts';

/** Another process works in the folder; the message says which, and what to do. */
export class FolderTaken extends Error {
  override readonly name = 'FolderTaken';
}

export interface FolderLockOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the holder shows that it lives, for those who cannot see its process. */
  readonly beatMs?: number;
}

const NAME = 'lock';
const BEAT_MS = 1000;
/** Without a beat for so many of them, the holder is gone. Network folders tell what they know up to 3 s late. */
const BEATS_TO_WAIT = 5;
/** Others may be faster; so many times in a row they are not. */
const TRIES = 20;
const STALE_RIGHT_MS = 10_000;

/**
 * One process's right to a folder, as a file that is created only where there is none. One whose process has ended is
 * taken over: on this machine that is looked up; of a holder in another container or on another machine, it is seen
 * by its no longer touching the file.
 */
export class FolderLock {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #handle: FileHandle;
  readonly #beatMs: number;
  #cancel = () => {};
  #touchedAt: number;
  #released: Promise<void> | undefined;

  private constructor({ folder, clock, beatMs = BEAT_MS }: FolderLockOptions, handle: FileHandle) {
    this.#path = join(folder, NAME);
    this.#clock = clock;
    this.#handle = handle;
    this.#beatMs = beatMs;
    this.#touchedAt = clock.monotonic();
    this.#beat();
  }

  /** Makes the folder if need be. @throws FolderTaken; otherwise what the system says, when no lock can be written */
  static async acquire(options: FolderLockOptions): Promise<FolderLock> {
    const { folder, clock, log, beatMs = BEAT_MS } = options;
    const path = join(folder, NAME);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const self = await thisProcess(clock.now());
    for (let tries = 0; tries < TRIES; tries++) {
      const handle = await createWith(path, self, clock.now());
      if (handle) return new FolderLock(options, handle);
      const holder = await readHolder(path);
      if (holder === 'gone') continue;
      if (holder === undefined || !canSee(self, holder)) {
        // A lock that says nothing is being written, or its writer ended just then: its beat tells which.
        log.info({ path, pid: holder?.pid, host: holder?.host }, 'looking whether the holder of the lock still lives');
        if (await beats(path, beatMs)) throw taken(folder, path, holder);
      } else if (await lives(holder)) throw taken(folder, path, holder);
      await removeStale(path, holder, clock);
    }
    throw taken(folder, path, await readHolder(path));
  }

  /** Whether others may have found that it does not live: it has not touched the file for too long. */
  get mayBeLost(): boolean {
    return this.#clock.monotonic() - this.#touchedAt > (BEATS_TO_WAIT - 1) * this.#beatMs;
  }

  /** Whether the folder is still this process's. */
  async isHeld(): Promise<boolean> {
    try {
      const [mine, there] = await Promise.all([this.#handle.stat(), stat(this.#path)]);
      return mine.ino === there.ino && mine.dev === there.dev;
    } catch {
      return false;
    }
  }

  release(): Promise<void> {
    this.#released ??= (async () => {
      this.#cancel();
      const held = await this.isHeld();
      await this.#handle.close();
      if (held) await unlink(this.#path).catch(() => {});
    })();
    return this.#released;
  }

  #beat(): void {
    this.#cancel = this.#clock.after(this.#beatMs, () => {
      void this.#touch().then(() => {
        if (!this.#released) this.#beat();
      });
    });
  }

  async #touch(): Promise<void> {
    const at = this.#clock.monotonic();
    try {
      const now = new Date(this.#clock.now());
      await this.#handle.utimes(now, now);
      this.#touchedAt = at;
    } catch {
      // On a full or failing disk others cannot take the folder over either; `mayBeLost` has it looked after.
    }
  }
}

/** The lock, created with its holder in it; undefined when there is one already. */
async function createWith(path: string, self: Self, now: number): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx', 0o600);
  } catch (failure) {
    if (codeOf(failure) === 'EEXIST') return undefined;
    throw failure;
  }
  const lock = { since: now, lock: randomBytes(9).toString('base64url') };
  try {
    await handle.writeFile(JSON.stringify({ ...self, ...lock }));
    return handle;
  } catch (failure) {
    await handle.close();
    await unlink(path).catch(() => {});
    throw failure;
  }
}

async function readHolder(path: string): Promise<Holder | undefined | 'gone'> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Holder | null;
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' ? holder : undefined;
  } catch (failure) {
    return codeOf(failure) === 'ENOENT' ? 'gone' : undefined;
  }
}

/** Whether anybody touches the file while it is watched; by its own time, since clocks of two machines differ. */
async function beats(path: string, beatMs: number): Promise<boolean> {
  const touched = async () => (await stat(path).catch(() => undefined))?.mtimeMs;
  const first = await touched();
  for (let beat = 0; beat < BEATS_TO_WAIT; beat++) {
    // In real time, whatever clock we run on: the other process is on no clock of ours.
    await setTimeout(beatMs);
    const now = await touched();
    if (now === undefined) return false;
    if (now !== first) return true;
  }
  return false;
}

/**
 * Removes the lock of a process that has ended. Of several that want to, one does: the right to remove is a file of
 * its own, named after the lock, and who gets it looks again, since the lock may be a newcomer's by then.
 */
async function removeStale(path: string, holder: Holder | undefined, clock: Clock): Promise<void> {
  const right = `${path}.stale-${holder?.lock ?? 'unreadable'}`;
  try {
    await (await open(right, 'wx', 0o600)).close();
  } catch (failure) {
    if (codeOf(failure) !== 'EEXIST') throw failure;
    // Left by one that ended in between; whoever is still at it is done long before this.
    const age = clock.now() - ((await stat(right).catch(() => undefined))?.mtimeMs ?? 0);
    if (age > STALE_RIGHT_MS) await unlink(right).catch(() => {});
    return;
  }
  try {
    const now = await readHolder(path);
    if (now !== 'gone' && now?.lock === holder?.lock) await unlink(path);
  } finally {
    await unlink(right).catch(() => {});
  }
}

function taken(folder: string, path: string, holder: Holder | undefined | 'gone'): FolderTaken {
  const who = holder === undefined || holder === 'gone' ? 'another process' : nameOf(holder);
  return new FolderTaken(
    `${folder} is in use by ${who}: stop it first, or give this one a data folder of its own (--data-dir); ` +
      `if it is not there any more, remove ${path}`,
  );
}

function nameOf({ pid, host, since }: Holder): string {
  return `process ${pid} on ${host}${since === undefined ? '' : `, since ${new Date(since).toISOString()}`}`;
}

function codeOf(failure: unknown): string | undefined {
  return (failure as NodeJS.ErrnoException).code;
}
