import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@tidewall/contracts';
import type { StoreCase } from '../store-case.contract.ts';
import { openSqliteStore } from './index.ts';

export const storeCase: StoreCase = {
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'tidewall-store-'));
    const path = join(folder, 'tidewall.sqlite');
    const opened: Store[] = [];
    const open = async (file: string) => {
      const store = await openSqliteStore({ path: file });
      opened.push(store);
      return store;
    };
    let backups = 0;
    return {
      store: await open(path),
      async reopen() {
        await opened.at(-1)?.close();
        return open(path);
      },
      backupPath: () => join(folder, `backup-${++backups}.sqlite`),
      openBackup: open,
      async dispose() {
        for (const store of opened) await store.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};
