import { type FileHandle, open, rm } from 'node:fs/promises';
import type { JsonValue } from '@tidewall/base';
import type { RecordChange, Store, StoredEntry, StoredRecord } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { checksum } from '../checksum.ts';
import { damaged } from './damaged.ts';
import { type Row, SqliteFailure, SqliteThread, type Step } from './sqlite-thread.ts';

/** A new record comes behind all others of its collection; another value leaves it where it is. */
const PUT = `
  INSERT INTO records (collection, id, place, value, crc)
  VALUES (?1, ?2, (SELECT coalesce(max(place), 0) + 1 FROM records WHERE collection = ?1), ?3, ?4)
  ON CONFLICT (collection, id) DO UPDATE SET value = excluded.value, crc = excluded.crc`;
const DELETE = 'DELETE FROM records WHERE collection = ? AND id = ?';
const READ = 'SELECT collection, id, value, crc FROM records WHERE collection = ? ORDER BY place';

const BEGIN_LOG = 'INSERT INTO logs (log, next, bytes) VALUES (?, 1, 0) ON CONFLICT (log) DO NOTHING';
const ADD = 'INSERT INTO entries (log, place, text, crc) SELECT log, next + ?2, ?3, ?4 FROM logs WHERE log = ?1';
const GROW = 'UPDATE logs SET next = next + ?2, bytes = bytes + ?3 WHERE log = ?1 RETURNING bytes';
const READ_LOG = 'SELECT place, text, crc FROM entries WHERE log = ? AND place > ? ORDER BY place LIMIT ?';
/** Stops where enough is gone, however long the log is. */
const CUT = `
  SELECT place, gone FROM (
    SELECT place, sum(length(CAST(text AS BLOB))) OVER (ORDER BY place) AS gone FROM entries WHERE log = ?
  ) AS oldest WHERE gone >= ? ORDER BY place LIMIT 1`;

const DROP = 'DELETE FROM entries WHERE log = ? AND place <= ?';
const SHRINK = 'UPDATE logs SET bytes = bytes - ?2 WHERE log = ?1';
/** What goes beyond what must, so that it is not done again at once. */
const DROP_SHARE = 1 / 16;

/** A store in a SQLite file that has been opened and checked. */
export class SqliteStore implements Store {
  readonly name: string;
  readonly #thread: SqliteThread;
  #closed: Promise<void> | undefined;

  constructor(path: string, thread: SqliteThread) {
    this.name = path;
    this.#thread = thread;
  }

  /** What is wrong with the first record that is not what was written; undefined when all are. */
  async firstDamage(): Promise<string | undefined> {
    const rows = await this.#thread.run('SELECT collection, id, value, crc FROM records');
    return rows.map((row) => this.#damageOf(row)).find((wrong) => wrong !== undefined);
  }

  async read(collection: string): Promise<readonly StoredRecord[]> {
    const rows = await this.#told('read', this.#thread.run(READ, collection));
    return rows.map((row) => {
      const wrong = this.#damageOf(row);
      if (wrong !== undefined) throw new TidewallError('internal', wrong);
      return { id: String(row['id']), value: JSON.parse(String(row['value'])) as JsonValue };
    });
  }

  async write(changes: readonly RecordChange[]): Promise<void> {
    if (changes.length === 0) return;
    const steps = changes.map(({ collection, id, value }): Step => {
      if (value === undefined) return { sql: DELETE, values: [collection, id] };
      const text = JSON.stringify(value);
      return { sql: PUT, values: [collection, id, text, checksum(collection, id, text)] };
    });
    await this.#told('written', this.#thread.transaction(steps));
  }

  async append(log: string, texts: readonly string[], keepBytes: number): Promise<void> {
    if (texts.length === 0) return;
    const added = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const steps: Step[] = [
      { sql: BEGIN_LOG, values: [log] },
      ...texts.map((text, at) => ({ sql: ADD, values: [log, at, text, checksum(log, text)] })),
      { sql: GROW, values: [log, texts.length, added] },
    ];
    const bytes = (await this.#told('written', this.#thread.transaction(steps))).at(-1)?.[0]?.['bytes'];
    const over = Number(bytes) - keepBytes;
    // What was added is kept, whether or not the oldest can go now: the next call tries again.
    if (over > 0) await this.#drop(log, over + keepBytes * DROP_SHARE).catch(() => {});
  }

  async readLog(log: string, after: number, most: number): Promise<readonly StoredEntry[]> {
    const rows = await this.#told('read', this.#thread.run(READ_LOG, log, after, most));
    const first = Number(rows[0]?.['place'] ?? 0);
    return rows.map((row, at) => {
      const entry = { place: Number(row['place']), text: String(row['text']) };
      if (entry.place !== first + at || row['crc'] !== checksum(log, entry.text)) {
        throw new TidewallError(
          'internal',
          damaged(this.name, `entry ${first + at} of the log ${log} is not as written`),
        );
      }
      return entry;
    });
  }

  async backup(path: string): Promise<void> {
    let reader: SqliteThread | undefined;
    let copy: FileHandle | undefined;
    try {
      // SQLite fills an empty file; one that others made is left alone.
      copy = await open(path, 'wx', 0o600);
      // A reader of its own: behind the write-ahead log it holds up no writer.
      reader = await SqliteThread.open(this.name);
      await reader?.run('VACUUM INTO ?', path);
      await copy.sync();
    } catch (failure) {
      if (copy !== undefined) await rm(path, { force: true });
      this.#fail(`copied to ${path}`, failure);
    } finally {
      await copy?.close();
      await reader?.close();
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#thread.close();
    return this.#closed;
  }

  async #drop(log: string, bytes: number): Promise<void> {
    const [cut] = await this.#thread.run(CUT, log, bytes);
    if (cut === undefined) return;
    const [place, gone] = [Number(cut['place']), Number(cut['gone'])];
    await this.#thread.transaction([
      { sql: DROP, values: [log, place] },
      { sql: SHRINK, values: [log, gone] },
    ]);
  }

  #damageOf({ collection, id, value, crc }: Row): string | undefined {
    if (crc === checksum(String(collection), String(id), String(value))) return undefined;
    return damaged(this.name, `the record ${id} of ${collection} is not as it was written`);
  }

  /** @throws TidewallError in the place of what SQLite says */
  #told<T>(done: string, asked: Promise<T>): Promise<T> {
    return asked.catch((failure: unknown) => this.#fail(done, failure));
  }

  #fail(done: string, failure: unknown): never {
    const full = failure instanceof SqliteFailure ? failure.isFull : isFull(failure);
    if (full) {
      const message = `there is no room for ${this.name}; nothing was changed`;
      throw new TidewallError('storage_full', message, { cause: failure });
    }
    const why = failure instanceof Error ? failure.message : String(failure);
    const message = `${this.name} could not be ${done}: ${why}; nothing was changed`;
    throw new TidewallError('internal', message, { cause: failure });
  }
}

/** Whether the system says so, of a file that is none of SQLite's. */
function isFull(failure: unknown): boolean {
  const { code } = failure as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
