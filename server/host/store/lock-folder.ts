import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { FolderLock, FolderTaken } from '@tidewall/disk';
import { StartError } from '../startup-errors.ts';

/** The right to a data folder. @throws StartError naming who has it */
export async function lockFolder(dataDir: string, clock: Clock, log: Log): Promise<FolderLock> {
  try {
    return await FolderLock.acquire({ folder: dataDir, clock, log });
  } catch (cause) {
    if (cause instanceof FolderTaken) throw new StartError(cause.message, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    const message = `the folder ${dataDir} cannot be written (${code}); use --data-dir or TIDEWALL_DATA_DIR`;
    throw new StartError(message, { cause });
  }
}

/** Whether something failed because another process has the data folder. */
export function isFolderTaken(failure: unknown): boolean {
  return failure instanceof StartError && failure.cause instanceof FolderTaken;
}
