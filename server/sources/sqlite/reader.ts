import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '@tidewall/base';
import { installedSqlite } from '@tidewall/disk';
import { READER_PROGRAM } from './reader-program.ts';
import { watchMemory } from './watch-memory.ts';

/** What is asked of a file. */
export interface ReaderQuestion {
  readonly path: string;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** What the process answers: rows, and at the end the columns or why there is no end. */
export type ReaderAnswer =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] }
  | { readonly failed: 'library' | 'rows' | 'bytes' | 'memory' | 'ended' }
  | { readonly failed: 'sqlite'; readonly message: string; readonly code?: number };

/** More than the rows of one answer need. */
const HEAP_MB = 512;
/** Of all that the process has: SQLite's own memory is not the heap's. */
export const MOST_MEMORY_BYTES = 1024 * 1024 * 1024;

/** A process that reads SQLite files, which can be ended in the middle of a statement. */
export class Reader {
  readonly #process: ChildProcess;
  readonly #clock: Clock;
  #usable = true;

  constructor(clock: Clock) {
    this.#clock = clock;
    const limits = ['--no-warnings', `--max-old-space-size=${HEAP_MB}`];
    this.#process = spawn(process.execPath, [...limits, '-e', READER_PROGRAM, installedSqlite() ?? ''], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Whole numbers come as such, however large.
      serialization: 'advanced',
      // Nothing of ours is its business.
      env: {},
      windowsHide: true,
    });
    const end = () => {
      this.#usable = false;
    };
    this.#process.on('exit', end);
    this.#process.on('error', end);
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** One question at a time. */
  ask(question: ReaderQuestion): Promise<ReaderAnswer> {
    const child = this.#process;
    return new Promise((resolve) => {
      let rows: (readonly unknown[])[] = [];
      const unwatch = watchMemory({
        clock: this.#clock,
        pid: child.pid ?? 0,
        mostBytes: MOST_MEMORY_BYTES,
        exceeded: () => {
          settle({ failed: 'memory' });
          this.close();
        },
      });
      const settle = (answer: ReaderAnswer) => {
        unwatch();
        child.off('message', take);
        child.off('exit', die);
        child.off('error', die);
        resolve(answer);
      };
      const take = (message: unknown) => {
        const answer = message as { readonly rows?: readonly (readonly unknown[])[] } & ReaderAnswer;
        if ('failed' in answer) settle(answer);
        else {
          rows = rows.length === 0 ? [...answer.rows] : rows.concat(answer.rows);
          if ('columns' in answer) settle({ columns: answer.columns, rows });
        }
      };
      const die = () => settle({ failed: 'ended' });
      child.on('message', take);
      child.on('exit', die);
      child.on('error', die);
      if (!this.#usable) die();
      else child.send(question, (failure) => failure && die());
    });
  }

  /** Ends it at once. */
  close(): void {
    this.#usable = false;
    this.#process.kill('SIGKILL');
  }
}
