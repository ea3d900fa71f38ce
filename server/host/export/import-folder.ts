import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type JsonValue, parseJson } from '@tidewall/base';
import type { Log, RecordChange } from '@tidewall/contracts';
import { isBackedUp } from '../backup/backup-format.ts';
import { ConfigError } from '../startup-errors.ts';
import { openHostStore } from '../store/open-host-store.ts';
import { EXPORTED, EXPORTED_FOLDERS, fileOfRecord, textOfRecord } from './exported.ts';

export interface ImportOptions {
  /** What `exportBackup` has written, or a part of it. */
  readonly folder: string;
  readonly dataDir: string;
  /** Where screens are shown from. */
  readonly screens: string;
  /** Nothing is changed: only what would be is told. */
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** What an import does to one file or record. */
export interface Imported {
  /** `users/ann` */
  readonly name: string;
  readonly is: 'new' | 'changed' | 'same';
}

/**
 * Adds what is in a folder to a data folder whose server does not run: records of the same id are replaced, and nothing is
 * deleted. Records are taken all or none, before the files.
 *
 * @throws StartError when the data folder is in use; ConfigError naming the file that cannot be taken
 */
export async function importFolder(options: ImportOptions): Promise<readonly Imported[]> {
  const { folder, dataDir, screens, dryRun, clock, log } = options;
  const records = await recordsIn(folder);
  await mkdir(dataDir, { recursive: true });
  const kept = await openHostStore({ dataDir, clock, log });
  try {
    const told: Imported[] = [];
    const changes: RecordChange[] = [];
    for (const collection of EXPORTED) {
      const before = new Map((await kept.store.read(collection)).map(({ id, value }) => [id, textOfRecord(value)]));
      for (const { id, value } of records.filter((each) => each.collection === collection)) {
        const was = before.get(id);
        const is = was === undefined ? 'new' : was === textOfRecord(value) ? 'same' : 'changed';
        told.push({ name: `${collection}/${id}`, is });
        if (is !== 'same') changes.push({ collection, id, value });
      }
    }
    if (!dryRun && changes.length > 0) await kept.store.write(changes);
    const targets = { screens, files: join(dataDir, 'files') };
    for (const name of EXPORTED_FOLDERS) {
      for (const file of (await readdir(join(folder, name)).catch(() => [])).filter(isBackedUp).sort()) {
        const [from, to] = [join(folder, name, file), join(targets[name], file)];
        const [next, was] = [await readFile(from), await readFile(to).catch(() => undefined)];
        const is = was === undefined ? 'new' : was.equals(next) ? 'same' : 'changed';
        told.push({ name: `${name}/${file}`, is });
        if (dryRun || is === 'same') continue;
        await mkdir(targets[name], { recursive: true });
        await copyFile(from, to);
      }
    }
    return told;
  } finally {
    await kept.close();
  }
}

async function recordsIn(folder: string): Promise<readonly { collection: string; id: string; value: JsonValue }[]> {
  const there = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `${folder} cannot be read: ${cause.code}; name the folder that "tidewall export" has written`,
      { cause },
    );
  });
  const found = [];
  for (const collection of EXPORTED.filter((name) => there.includes(name))) {
    for (const file of (await readdir(join(folder, collection))).sort()) {
      const path = join(folder, collection, file);
      try {
        const id = decodeURIComponent(file.replace(/\.json$/, ''));
        if (fileOfRecord(id) !== file) throw new Error('its name is none that an export writes');
        found.push({ collection, id, value: parseJson(await readFile(path, 'utf8')) });
      } catch (cause) {
        throw new ConfigError(`${path} cannot be taken: ${(cause as Error).message}; nothing was changed`, { cause });
      }
    }
  }
  return found;
}
