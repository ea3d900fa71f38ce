import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, JsonValue } from '@tidewall/base';
import { DUCKDB_PROGRAM } from './duckdb-program.ts';

/** A column as DuckDB knows it. */
export interface DuckdbColumn {
  readonly name: string;
  /** DuckDB's word: `DOUBLE`, `TIMESTAMP`. */
  readonly type: string;
}

export interface DuckdbQuestion {
  /** Where it puts what does not fit into memory. A statement can reach all that is in there: that must be nothing. */
  readonly spillFolder: string;
  /** The file that it reads. */
  readonly path: string;
  readonly columns: readonly DuckdbColumn[];
  readonly text: string;
  readonly values: readonly (string | number | bigint | boolean | null)[];
  readonly limits: {
    readonly rows: number;
    readonly bytes: number;
    readonly memoryMb: number;
    readonly diskMb: number;
  };
}

/** Rows and what they are, or why there are none. */
export type DuckdbAnswer =
  | {
      readonly columns: readonly DuckdbColumn[];
      readonly rows: readonly (readonly JsonValue[])[];
      /** Values that were NaN or infinite, and are null. */
      readonly lost: number;
    }
  | { readonly failed: 'library' | 'duckdb'; readonly message: string }
  | { readonly failed: 'statements' | 'no question' | 'rows' | 'bytes' | 'ended' | 'late' | 'aborted' };

/** More than the rows of one answer need. */
const HEAP_MB = 512;

export interface DuckdbProcessOptions {
  readonly clock: Clock;
  /** Whoever is not done by then is ended. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks DuckDB, in a process that is there for this one question and gone when this resolves. */
export async function askDuckdb(question: DuckdbQuestion, options: DuckdbProcessOptions): Promise<DuckdbAnswer> {
  const library = duckdbLibrary();
  if (library === undefined) return { failed: 'library', message: 'it is not there' };
  const { clock, timeoutMs, signal } = options;
  if (signal.aborted) return { failed: 'aborted' };
  const child = spawn(process.execPath, ['--no-warnings', `--max-old-space-size=${HEAP_MB}`, '-e', DUCKDB_PROGRAM], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    // Nothing of ours is its business.
    env: {},
    windowsHide: true,
  });
  // One that cannot be told something tells so itself, also more than once.
  child.on('error', () => {});
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let ended: 'late' | 'aborted' | undefined;
  const end = (why: 'late' | 'aborted') => {
    ended ??= why;
    child.kill('SIGKILL');
  };
  const abort = () => end('aborted');
  signal.addEventListener('abort', abort, { once: true });
  const cancel = clock.after(timeoutMs, () => end('late'));
  try {
    const answer = await answerOf(child, { ...question, library });
    return ended === undefined ? answer : { failed: ended };
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
    child.kill('SIGKILL');
    await gone;
  }
}

function answerOf(child: ChildProcess, question: DuckdbQuestion & { readonly library: string }): Promise<DuckdbAnswer> {
  return new Promise((resolve) => {
    const rows: (readonly JsonValue[])[] = [];
    child.on('message', (message: Partial<Extract<DuckdbAnswer, { columns: unknown }>> & { failed?: unknown }) => {
      if (message.failed !== undefined) return resolve(message as DuckdbAnswer);
      for (const row of message.rows ?? []) rows.push(row);
      const { columns, lost = 0 } = message;
      if (columns !== undefined) resolve({ columns, rows, lost });
    });
    const die = () => resolve({ failed: 'ended' });
    child.once('exit', die);
    child.once('error', die);
    child.send(question, (failure) => failure && die());
  });
}

/** Where DuckDB is; undefined when it is not installed. */
function duckdbLibrary(): string | undefined {
  try {
    return import.meta.resolve('@duckdb/node-api');
  } catch {
    return undefined;
  }
}
