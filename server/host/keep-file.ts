import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TidewallError } from '@tidewall/protocol';

/**
 * Keeps a text in a file so that a reader finds the old one or the new one, whenever the machine stops.
 *
 * @param mode its rights
 * @throws TidewallError storage_full
 */
export async function keepFile(path: string, text: string, mode: number): Promise<void> {
  const aside = `${path}.new`;
  try {
    const file = await open(aside, 'w', mode);
    try {
      // One that was left behind by a stop may have had other rights.
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause;
    throw new TidewallError('storage_full', `there is no room for ${path}; nothing was changed`, { cause });
  }
}

/** The new name is on the disk only when its folder is. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
