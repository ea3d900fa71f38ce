import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { openSqliteStore, StoreRefused } from '@tidewall/stores/sqlite';
import { keepFile } from '../keep-file.ts';
import { NONCES_RUNNING } from '../keys/nonce-file.ts';
import { ConfigError, StartError } from '../startup-errors.ts';
import { lockFolder } from '../store/lock-folder.ts';
import { STORE_FILE } from '../store/store-file.ts';
import { BACKUP_FOLDERS, type BackupManifest, SECRET_FILE } from './backup-format.ts';
import { ASIDE_NAME, finishRestore, REPLACED, RESTORED } from './finish-restore.ts';
import { unpackBackup } from './unpack-backup.ts';

export interface RestoreOptions {
  readonly file: string;
  readonly dataDir: string;
  /** Whether what is in the folder may be put aside. */
  readonly force: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was restored. */
export interface Restored {
  readonly manifest: BackupManifest;
  /** Where that is which was in the folder; undefined when nothing was. */
  readonly aside: string | undefined;
  /** Whether what the secrets in it are sealed with is in the folder now. */
  readonly hasSecret: boolean;
}

const STAGING = '.restoring';

/**
 * Makes a data folder what a backup holds: all of it, or nothing is changed. What was in the folder is put aside in it; a
 * master secret stays when the backup has none.
 *
 * @throws StartError when the folder is in use; ConfigError when the backup is not whole, or the folder has something in it
 */
export async function restoreBackup({ file, dataDir, force, clock, log }: RestoreOptions): Promise<Restored> {
  await mkdir(dataDir, { recursive: true });
  const lock = await lockFolder(dataDir, clock, log);
  const staging = join(dataDir, STAGING);
  try {
    // One that was cut off before is finished first.
    await finishRestore(dataDir);
    const there = await contentOf(dataDir);
    if (there.length > 0 && !force) {
      throw new ConfigError(
        `${dataDir} has something in it (${there.slice(0, 3).join(', ')}); restore into another folder (--data-dir), ` +
          'or with --force, which puts it aside',
      );
    }
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o700 });
    const manifest = await unpackBackup(file, staging);
    await requireStore(join(staging, STORE_FILE));
    for (const folder of BACKUP_FOLDERS) await mkdir(join(staging, folder), { recursive: true });
    // What has been used since the backup is not known: nothing is taken that was signed before the next start.
    await writeFile(join(staging, 'nonces.json'), NONCES_RUNNING, { mode: 0o600 });
    const stamp = new Date(clock.now()).toISOString().replace(/[:.]/g, '-');
    const aside = there.length > 0 ? `before-restore-${stamp}` : undefined;
    await keepFile(join(staging, ASIDE_NAME), aside ?? `before-restore-${stamp}`, 0o600);
    // From here on it is restored, whenever the machine stops: the next start finishes it.
    await rename(staging, join(dataDir, RESTORED));
    await finishRestore(dataDir);
    const hasSecret = await exists(join(dataDir, SECRET_FILE));
    return { manifest, aside: aside === undefined ? undefined : join(dataDir, aside), hasSecret };
  } finally {
    await rm(staging, { recursive: true, force: true });
    await lock.release();
  }
}

/** Opens it as the server will, which looks at every record. */
async function requireStore(path: string): Promise<void> {
  try {
    await (await openSqliteStore({ path })).close();
  } catch (failure) {
    throw failure instanceof StoreRefused ? new StartError(failure.message, { cause: failure }) : failure;
  }
}

/** What would be replaced. */
async function contentOf(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of REPLACED) {
    const path = join(dataDir, name);
    const isFolder = BACKUP_FOLDERS.some((each) => each === name);
    if (isFolder ? (await readdir(path).catch(() => [])).length > 0 : await exists(path)) found.push(name);
  }
  return found;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
