import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonValue } from '@tidewall/base';
import type { RecordChange, Store, StoredEntry, StoredRecord } from '@tidewall/contracts';
import { openSqliteStore } from '@tidewall/stores/sqlite';

/** A real store in a folder of its own, which can be told to fail, and shows what it keeps. */
export class TestStore implements Store {
  readonly #store: Store;
  readonly #folder: string;
  /** Why nothing can be kept now; undefined: it can. */
  failure: Error | undefined;

  private constructor(store: Store, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  static async open(): Promise<TestStore> {
    const folder = await mkdtemp(join(tmpdir(), 'tidewall-store-'));
    return new TestStore(await openSqliteStore({ path: join(folder, 'test.sqlite') }), folder);
  }

  get name(): string {
    return this.#store.name;
  }

  read(collection: string): Promise<readonly StoredRecord[]> {
    return this.#store.read(collection);
  }

  async write(changes: readonly RecordChange[]): Promise<void> {
    if (this.failure) throw this.failure;
    await this.#store.write(changes);
  }

  async append(log: string, texts: readonly string[], keepBytes: number): Promise<void> {
    if (this.failure) throw this.failure;
    await this.#store.append(log, texts, keepBytes);
  }

  readLog(log: string, after: number, most: number): Promise<readonly StoredEntry[]> {
    return this.#store.readLog(log, after, most);
  }

  backup(path: string): Promise<void> {
    return this.#store.backup(path);
  }

  /** Everything of a collection, as text. */
  async text(collection: string): Promise<string> {
    return JSON.stringify(await this.read(collection));
  }

  /** Makes something else of a record, as somebody who can write to the file would. */
  async tamper(collection: string, id: string, edit: (text: string) => string, as = id): Promise<void> {
    const value = (await this.read(collection)).find((record) => record.id === id)?.value ?? null;
    const edited = JSON.parse(edit(JSON.stringify(value))) as JsonValue;
    await this.#store.write([
      { collection, id, value: undefined },
      { collection, id: as, value: edited },
    ]);
  }

  /** Closes it, and removes its folder. */
  async close(): Promise<void> {
    await this.#store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Works on the store in the data folder of a server, which may be running. */
export async function withStoreOf<T>(dataDir: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ path: join(dataDir, 'tidewall.sqlite') });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
