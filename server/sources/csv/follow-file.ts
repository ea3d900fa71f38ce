import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { pause } from '../pause.ts';

/** A file is read when it has stood still for this long, so that no half-written one is. */
const SETTLE_MS = 100;
/** A file that is written to without a pause is read as it stands after this long. */
const SETTLE_LIMIT_MS = 5_000;
/** A file that was there may be away for this long while an editor puts a new one in its place. */
const REPLACE_MS = 1_000;
/** Some file systems (the network's, those of containers) tell nobody of a change: it is looked for as well. */
const POLL_MS = 2_000;

/** What tells one content of a file from another without reading it. */
export interface FileVersion {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

export interface FollowedVersion extends FileVersion {
  /** False: somebody writes to the file without a pause, and this is what was there when waiting became too long. */
  readonly settled: boolean;
}

export interface FollowFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Yields a file's version at first, and each time that it has changed and then stood still, until `signal` aborts. The
 * reader's own time is not missed: what changed meanwhile is yielded next.
 *
 * @throws TidewallError source_error naming the path when the file is not there, or no longer
 */
export async function* followFile(options: FollowFileOptions): AsyncGenerator<FollowedVersion, void> {
  const { path, clock, signal } = options;
  const hints = new Hints(path);
  try {
    let seen: FileVersion | undefined;
    while (!signal.aborted) {
      hints.clear();
      const version = await settledVersion(options, seen);
      if (signal.aborted) return;
      if (!sameVersion(seen, version)) {
        seen = version;
        yield version;
      }
      await hints.next(clock, signal);
    }
  } finally {
    hints.close();
  }
}

/** The file's version once two looks in a row agree; at once when it is the one that was seen. */
async function settledVersion(
  { path, clock, signal }: FollowFileOptions,
  seen: FileVersion | undefined,
): Promise<FollowedVersion> {
  const startedAt = clock.monotonic();
  let before = await versionOf(path);
  if (before && sameVersion(seen, before)) return { ...before, settled: true };
  for (;;) {
    await pause(clock, SETTLE_MS, signal);
    const now = await versionOf(path);
    const waitedMs = clock.monotonic() - startedAt;
    const settled = sameVersion(before, now);
    if (now && (settled || signal.aborted || waitedMs >= SETTLE_LIMIT_MS)) return { ...now, settled };
    if (!now && (!seen || signal.aborted || waitedMs >= REPLACE_MS)) {
      throw new TidewallError('source_error', `there is no file ${path}`);
    }
    before = now;
  }
}

/** Whether the file is no longer what it was when that version was seen; true when it is gone. */
export async function hasChanged(path: string, since: FileVersion): Promise<boolean> {
  return !sameVersion(await versionOf(path), since);
}

async function versionOf(path: string): Promise<FileVersion | undefined> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new TidewallError('source_error', `${path} is not a file`);
    return { sizeBytes: status.size, mtimeMs: status.mtimeMs, inode: status.ino };
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (failure instanceof TidewallError) throw failure;
    throw new TidewallError('source_error', `cannot look at ${path}: ${(failure as Error).message}`, {
      cause: failure,
    });
  }
}

function sameVersion(a: FileVersion | undefined, b: FileVersion | undefined): boolean {
  return a?.sizeBytes === b?.sizeBytes && a?.mtimeMs === b?.mtimeMs && a?.inode === b?.inode;
}

/**
 * Says when it is worth looking at a file: at once when the operating system tells of it, else after `POLL_MS`. The
 * folder is watched, not the file, since many editors write a new file and rename it over the old one.
 */
class Hints {
  readonly #close: () => void;
  #hinted = false;
  #wake: () => void = () => {};

  constructor(path: string) {
    this.#close = watchFolder(dirname(path), (name) => {
      if (name !== null && name !== basename(path)) return;
      this.#hinted = true;
      this.#wake();
    });
  }

  clear(): void {
    this.#hinted = false;
  }

  async next(clock: Clock, signal: AbortSignal): Promise<void> {
    if (this.#hinted || signal.aborted) return;
    const hinted = new AbortController();
    this.#wake = () => hinted.abort();
    const stop = () => hinted.abort();
    signal.addEventListener('abort', stop, { once: true });
    await pause(clock, POLL_MS, hinted.signal);
    signal.removeEventListener('abort', stop);
  }

  close(): void {
    this.#close();
  }
}

/** Watching is a help: where it is refused, or ends (the folder is gone, no watches are left), polling goes on. */
function watchFolder(folder: string, changed: (name: string | null) => void): () => void {
  try {
    const watcher = watch(folder, { persistent: false }, (_, name) => changed(name));
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
