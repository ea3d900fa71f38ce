import { open } from 'node:fs/promises';
import type { Store } from '@tidewall/contracts';
import { NO_SQLITE } from '@tidewall/disk';
import { MIGRATIONS, type Migration } from '../migrations.ts';
import { StoreRefused } from '../store-refused.ts';
import { damaged } from './damaged.ts';
import { SqliteStore } from './sqlite-store.ts';
import { SqliteFailure, SqliteThread } from './sqlite-thread.ts';

export interface SqliteStoreOptions {
  /** The file; it is made when there is none. One process at a time may have it open. */
  readonly path: string;
  /** Where a test has others. */
  readonly migrations?: readonly Migration[];
}

/** Says in the file whose it is: `TDWL`. */
const APPLICATION = 0x5444574c;

/**
 * A store in a SQLite file, at the version of this program, in which every page and every record has been looked at.
 *
 * @throws StoreRefused when it is damaged, of a newer version, somebody else's, or cannot be made
 */
export async function openSqliteStore({ path, migrations = MIGRATIONS }: SqliteStoreOptions): Promise<Store> {
  let thread: SqliteThread | undefined;
  try {
    const isNew = await makeFile(path);
    thread = await SqliteThread.open(path);
    if (thread === undefined) throw new StoreRefused(`${path} cannot be opened: ${NO_SQLITE}`);
    if (!isNew) await requireWhole(path, thread);
    await migrate(path, thread, migrations, isNew);
    const store = new SqliteStore(path, thread);
    const wrong = await store.firstDamage();
    if (wrong !== undefined) throw new StoreRefused(wrong);
    return store;
  } catch (failure) {
    await thread?.close().catch(() => {});
    throw failure instanceof StoreRefused ? failure : refused(path, failure);
  }
}

/** Makes the file, which nobody else may read, when there is none. @returns whether nothing is in it */
async function makeFile(path: string): Promise<boolean> {
  const file = await open(path, 'a', 0o600);
  try {
    return (await file.stat()).size === 0;
  } finally {
    await file.close();
  }
}

/** @throws StoreRefused when its pages do not hang together */
async function requireWhole(path: string, thread: SqliteThread): Promise<void> {
  const [first] = await thread.run('PRAGMA quick_check(1)');
  const found = first?.['quick_check'];
  if (found !== 'ok') throw new StoreRefused(damaged(path, String(found)));
  // A turned bit can hide records from an index, which the quick one does not look at; it would take long of logs.
  if ((await thread.run("SELECT 1 FROM sqlite_master WHERE name = 'records'")).length === 0) return;
  const [row] = await thread.run("PRAGMA integrity_check('records')");
  const indexed = row?.['integrity_check'];
  if (indexed !== 'ok') throw new StoreRefused(damaged(path, String(indexed)));
}

/** Carries out what the store has not been through, each in one transaction with the version that it leads to. */
async function migrate(
  path: string,
  thread: SqliteThread,
  migrations: readonly Migration[],
  isNew: boolean,
): Promise<void> {
  const version = await numberOf(thread, 'user_version');
  const application = await numberOf(thread, 'application_id');
  // One that a kill has left before its first transaction is still a new one.
  const isEmpty = version === 0 && (await thread.run('SELECT 1 FROM sqlite_master LIMIT 1')).length === 0;
  if (!isNew && !isEmpty && application !== APPLICATION) {
    throw new StoreRefused(`${path} is not a store of Tidewall; move it away, or use another data folder (--data-dir)`);
  }
  if (version > migrations.length) {
    throw new StoreRefused(
      `${path} has version ${version}, of a newer version of this program, which knows ${migrations.length}: ` +
        'start that version, or give this one a data folder of its own (--data-dir)',
    );
  }
  for (const [index, { statements }] of migrations.entries()) {
    if (index < version) continue;
    const last = [`PRAGMA application_id = ${APPLICATION}`, `PRAGMA user_version = ${index + 1}`];
    await thread.transaction([...statements, ...last].map((sql) => ({ sql, values: [] })));
  }
}

async function numberOf(thread: SqliteThread, pragma: 'user_version' | 'application_id'): Promise<number> {
  const [row] = await thread.run(`PRAGMA ${pragma}`);
  return Number(row?.[pragma]);
}

/** What SQLite says when it cannot even begin. */
function refused(path: string, failure: unknown): StoreRefused {
  const message = failure instanceof Error ? failure.message : String(failure);
  if (/malformed|not a database|corrupt/.test(message))
    return new StoreRefused(damaged(path, message), { cause: failure });
  const isFull = failure instanceof SqliteFailure && failure.isFull;
  const cure = isFull ? 'make room' : 'mend the rights or the disk of its folder';
  return new StoreRefused(`${path} cannot be opened: ${message}; ${cure}, or use another data folder (--data-dir)`, {
    cause: failure,
  });
}
