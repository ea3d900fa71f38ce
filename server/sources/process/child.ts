import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Clock } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { pause } from '../pause.ts';

/** A program that was asked to end is ended after this long. */
const KILL_AFTER_MS = 2_000;
/** How often it is looked whether the output of a program that has ended came to its end. */
const DRAIN_CHECK_MS = 500;
/** Longest wait for such output, without the time that the reader takes. */
const DRAIN_MS = 2_000;
/** More than a pipe holds: what comes behind so much is not of the program that has ended. */
const DRAIN_BYTES = 1024 * 1024;
/** How much of what it says on standard error is in its failure's sentence. */
const STDERR_TAIL_CHARACTERS = 1_024;
/** More than that is kept, so that no secret is cut in two where the sentence begins. */
const STDERR_TAIL_BYTES = 8 * STDERR_TAIL_CHARACTERS;

/** What any program needs; the rest of our own environment may hold secrets that are none of its business. */
const INHERITED = /^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|COMSPEC|PATHEXT)$/i;

export interface ChildOptions {
  readonly command: readonly [program: string, ...args: string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** What of the program's words may be repeated. */
  sayable(text: string): string;
}

/**
 * A running program with its process group, which holds what it starts: when `close` has resolved, none of them runs
 * any more. What has left the group (a daemon) lives on, and nobody listens to it.
 */
export class Child {
  readonly #program: string;
  readonly #clock: Clock;
  readonly #sayable: (text: string) => string;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exited: Promise<void>;
  readonly #closed = new AbortController();
  #readBytes = 0;
  #drained = false;
  #stderr = Buffer.alloc(0);
  #cancelKill = () => {};

  /** @throws TidewallError source_error when the program cannot be started, saying why */
  static async start(options: ChildOptions): Promise<Child> {
    const { command, cwd, env } = options;
    const [program, ...args] = command;
    const folder = await stat(cwd).catch(() => undefined);
    if (!folder?.isDirectory())
      throw new TidewallError('source_error', `there is no folder ${cwd} to run ${program} in`);
    const spawned = spawn(program, args, {
      cwd,
      env: { ...inheritedEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that what the program starts can be ended with it.
      detached: true,
      windowsHide: true,
    });
    try {
      await once(spawned, 'spawn');
    } catch (cause) {
      throw new TidewallError('source_error', startFailure(program, cause as NodeJS.ErrnoException), { cause });
    }
    return new Child(program, spawned, options);
  }

  private constructor(
    program: string,
    spawned: ChildProcessByStdio<null, Readable, Readable>,
    { clock, sayable }: Pick<ChildOptions, 'clock' | 'sayable'>,
  ) {
    this.#program = program;
    this.#process = spawned;
    this.#clock = clock;
    this.#sayable = sayable;
    this.#exited = new Promise((resolve) => {
      if (hasExited(spawned)) resolve();
      else spawned.once('exit', () => resolve());
    });
    // A signal that could not be sent is told here too; that the program lives on shows by itself.
    spawned.on('error', () => {});
    void this.#exited.then(() => {
      // What it started would keep its output open, so it ends with the program.
      this.#signal('SIGKILL');
      return this.#drain();
    });
    spawned.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_TAIL_BYTES);
    });
  }

  /** Asks the program to end, and ends it when it has not within two seconds. */
  stop(): void {
    this.#signal('SIGTERM');
    this.#cancelKill();
    this.#cancelKill = this.#clock.after(KILL_AFTER_MS, () => this.#signal('SIGKILL'));
  }

  /**
   * What it prints, to the end; read it once.
   *
   * It ends soon after the program, with all that the program printed, though a daemon may hold the pipe open.
   */
  async *output(): AsyncGenerator<Buffer, void> {
    try {
      for await (const chunk of this.#process.stdout as AsyncIterable<Buffer>) {
        this.#readBytes += chunk.length;
        yield chunk;
      }
    } catch (failure) {
      if (!this.#drained) throw failure;
    }
  }

  /** Resolves when it has ended. @returns why it failed, or undefined when it ended as programs should */
  async ended(): Promise<string | undefined> {
    await this.#exited;
    const { exitCode, signalCode } = this.#process;
    if (exitCode === 0) return undefined;
    const how = signalCode === null ? `ended with code ${exitCode}` : `was ended by ${signalCode}`;
    const all = this.#sayable(this.#stderr.toString('utf8'));
    const said = all.slice(-STDERR_TAIL_CHARACTERS).replace(/\s+/g, ' ').trim();
    return `${this.#program} ${how}${said === '' ? '' : `: ${said}`}`;
  }

  /** Ends it and everything it started. */
  async close(): Promise<void> {
    if (!hasExited(this.#process)) this.stop();
    await this.#exited;
    this.#cancelKill();
    this.#signal('SIGKILL');
    this.#closed.abort();
    this.#process.stdout.destroy();
    this.#process.stderr.destroy();
  }

  /** Ends the output once nothing more comes, or too much. */
  async #drain(): Promise<void> {
    const { stdout } = this.#process;
    const mostBytes = this.#readBytes + DRAIN_BYTES;
    for (let waitedMs = 0; waitedMs < DRAIN_MS && this.#readBytes < mostBytes; ) {
      const before = this.#readBytes;
      await pause(this.#clock, DRAIN_CHECK_MS, this.#closed.signal);
      if (stdout.destroyed) return;
      // The reader is behind: this time is its own.
      if (stdout.readableLength > 0) continue;
      if (this.#readBytes === before) break;
      waitedMs += DRAIN_CHECK_MS;
    }
    this.#drained = true;
    stdout.destroy();
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      if (process.platform === 'win32') this.#process.kill(signal);
      else process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }
}

function hasExited({ exitCode, signalCode }: ChildProcessByStdio<null, Readable, Readable>): boolean {
  return exitCode !== null || signalCode !== null;
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.test(name)));
}

function startFailure(program: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `the program ${program} was not found`;
  if (code === 'EACCES') return `the program ${program} may not be executed`;
  return `the program ${program} could not be started: ${message}`;
}
