import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Clock, systemClock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import type { LoadedConfig } from '../load-config.ts';
import { openHostStore } from '../store/open-host-store.ts';
import { createBackup } from './create-backup.ts';

export interface FolderBackupOptions {
  readonly loaded: LoadedConfig;
  readonly version: string;
  readonly withSecret: boolean;
  readonly log: Log;
  readonly clock?: Clock;
}

/**
 * A backup of a data folder whose server does not run, which nobody else may open until it has been read.
 *
 * @throws StartError when another process has the folder, as `isFolderTaken` tells
 */
export async function backupFolder(options: FolderBackupOptions): Promise<Readable> {
  const { loaded, version, withSecret, log, clock = systemClock } = options;
  const { dataDir, screens } = loaded.config;
  const kept = await openHostStore({ dataDir, clock, log });
  const chunks = async function* () {
    try {
      const folders = { screens, files: join(dataDir, 'files') };
      yield* await createBackup({ store: kept.store, dataDir, folders, version, withSecret, now: clock.now() });
    } finally {
      await kept.close();
    }
  };
  return Readable.from(chunks());
}
