import { Worker } from 'node:worker_threads';
import { installedSqlite } from '@tidewall/disk';
import { THREAD_PROGRAM } from './thread-program.ts';

/** A statement, and what is bound to its places. */
export interface Step {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export type Row = Readonly<Record<string, string | number | null>>;

/** SQLite could not do it. What was asked for together has not been done. */
export class SqliteFailure extends Error {
  override readonly name = 'SqliteFailure';

  /** Whether making room would help. */
  get isFull(): boolean {
    return this.message.includes('is full');
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(failure: SqliteFailure): void;
}

/** Another process may be reading. */
const WAIT_MS = 5000;

/**
 * What a file is opened with. Behind the write-ahead log readers hold up no writer, and FULL has each transaction synced
 * before it is told; macOS syncs no disk without being asked twice.
 */
const SET_UP = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'fullfsync = 1',
  'checkpoint_fullfsync = 1',
  'foreign_keys = ON',
  'trusted_schema = OFF',
  'cell_size_check = ON',
  'journal_size_limit = 16777216',
]
  .map((setting) => `PRAGMA ${setting};`)
  .join(' ');

/** A SQLite file that is worked on in a thread of its own. Questions are answered in their order. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #gone: SqliteFailure | undefined;

  private constructor(path: string) {
    this.#worker = new Worker(THREAD_PROGRAM, {
      eval: true,
      // Node says on the error output that its SQLite is new.
      stderr: true,
      env: {},
      argv: [],
      execArgv: ['--no-warnings'],
      workerData: { path, installed: installedSqlite(), waitMs: WAIT_MS, setUp: SET_UP },
    });
    this.#worker.on('message', ({ id, answer, failed }: { id: number; answer?: unknown; failed?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      // It keeps the process alive only while something is asked of it.
      if (this.#waiting.size === 0) this.#worker.unref();
      if (failed === undefined) waiting?.resolve(answer);
      else waiting?.reject(new SqliteFailure(failed));
    });
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#worker.on('exit', (code) => this.#end(`exited with ${code}`));
  }

  /** Opens a file, which is made when there is none. Undefined: there is no SQLite. @throws SqliteFailure */
  static async open(path: string): Promise<SqliteThread | undefined> {
    const thread = new SqliteThread(path);
    try {
      if (await thread.#ask('open')) return thread;
    } catch (failure) {
      await thread.#worker.terminate();
      throw failure;
    }
    await thread.#worker.terminate();
    return undefined;
  }

  /** One statement by itself. @throws SqliteFailure */
  async run(sql: string, ...values: readonly (string | number)[]): Promise<readonly Row[]> {
    return (await this.#ask('alone', { sql, values })) as readonly Row[];
  }

  /** Several in one transaction: the rows of each. @throws SqliteFailure after which none of them was carried out */
  async transaction(steps: readonly Step[]): Promise<readonly (readonly Row[])[]> {
    return (await this.#ask('together', steps)) as readonly (readonly Row[])[];
  }

  /** Answers what was asked, and then closes the file. */
  async close(): Promise<void> {
    try {
      if (this.#gone === undefined) await this.#ask('close');
    } finally {
      await this.#worker.terminate();
    }
  }

  #ask(act: 'open' | 'alone' | 'together' | 'close', asked?: unknown): Promise<unknown> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, act, asked });
    });
  }

  #end(why: string): void {
    this.#gone ??= new SqliteFailure(`the thread of the store has ended: ${why}`);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}
