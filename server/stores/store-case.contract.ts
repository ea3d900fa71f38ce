import type { Store } from '@tidewall/contracts';

/** A store that works, and what is behind it. */
export interface OpenedStore {
  readonly store: Store;
  /** Closes it, and opens another on what it has kept. */
  reopen(): Promise<Store>;
  /** Where a backup may be written; no two are the same. */
  backupPath(): string;
  /** Opens another store from a backup; it is closed with the rest. */
  openBackup(path: string): Promise<Store>;
  /** Closes what is open, and removes everything. */
  dispose(): Promise<void>;
}

/** What a store's folder gives the contract suite, as `store.contract.ts`. */
export interface StoreCase {
  open(): Promise<OpenedStore>;
}
