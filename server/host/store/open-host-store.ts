import { join } from 'node:path';
import type { Clock } from '@tidewall/base';
import type { Log, Store } from '@tidewall/contracts';
import { openSqliteStore, StoreRefused } from '@tidewall/stores/sqlite';
import { finishRestore } from '../backup/finish-restore.ts';
import { StartError } from '../startup-errors.ts';
import { lockFolder } from './lock-folder.ts';
import { STORE_FILE } from './store-file.ts';
import { takeOver } from './take-over.ts';

/** A data folder that is this process's, and the store in it. */
export interface HostStore {
  readonly store: Store;
  /** Closes the store and lets others have the folder. Closing twice is closing once. */
  close(): Promise<void>;
}

export interface HostStoreOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The store of a data folder, which is there, with what earlier versions have kept in files of it.
 *
 * @throws StartError when another process has the folder, or the store cannot be opened; ConfigError when such a file is
 *   damaged
 */
export async function openHostStore({ dataDir, clock, log }: HostStoreOptions): Promise<HostStore> {
  const lock = await lockFolder(dataDir, clock, log);
  let store: Store | undefined;
  try {
    await finishRestore(dataDir);
    store = await openSqliteStore({ path: join(dataDir, STORE_FILE) });
    await takeOver(dataDir, store, log);
    const opened = store;
    return {
      store,
      async close() {
        await opened.close();
        await lock.release();
      },
    };
  } catch (failure) {
    await store?.close();
    await lock.release();
    throw failure instanceof StoreRefused ? new StartError(failure.message, { cause: failure }) : failure;
  }
}
