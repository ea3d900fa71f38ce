import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '@tidewall/stores/sqlite';
import { unpackBackup } from '../backup/unpack-backup.ts';
import { ConfigError } from '../startup-errors.ts';
import { STORE_FILE } from '../store/store-file.ts';
import { EXPORTED, EXPORTED_FOLDERS, fileOfRecord, textOfRecord } from './exported.ts';

/**
 * Writes what a backup holds as files that people read and compare: a file of JSON a record, its members in order, and the
 * screens and files as they are. Secrets stay sealed, and of passwords there are hashes. Resolves with how many files of each kind.
 *
 * @throws ConfigError when the folder has something in it, or the backup is not whole
 */
export async function exportBackup(backup: string, folder: string): Promise<Readonly<Record<string, number>>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw new ConfigError(`${folder} has something in it; export into an empty folder`);
  const staging = await mkdtemp(join(tmpdir(), 'tidewall-export-'));
  try {
    await unpackBackup(backup, staging);
    const counts: Record<string, number> = {};
    const store = await openSqliteStore({ path: join(staging, STORE_FILE) });
    try {
      for (const collection of EXPORTED) {
        const records = await store.read(collection);
        counts[collection] = records.length;
        if (records.length > 0) await mkdir(join(folder, collection), { mode: 0o700 });
        for (const { id, value } of records) {
          await writeFile(join(folder, collection, fileOfRecord(id)), textOfRecord(value), { mode: 0o600 });
        }
      }
    } finally {
      await store.close();
    }
    for (const name of EXPORTED_FOLDERS) {
      const files = await readdir(join(staging, name)).catch(() => []);
      counts[name] = files.length;
      if (files.length > 0) await mkdir(join(folder, name), { mode: 0o700 });
      for (const file of files) await copyFile(join(staging, name, file), join(folder, name, file));
    }
    return counts;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
