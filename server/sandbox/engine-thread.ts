import { Worker } from 'node:worker_threads';
import type { Clock } from '@tidewall/base';
import type { SandboxLimits } from './limits.ts';
import type { Call, Outcome } from './messages.ts';
import type { WorkerCode } from './worker-code.ts';

/**
 * A thread with an engine in it, for one call at a time. A call that does not stop ends with its thread: that is the one
 * thing which nothing that runs in there can hinder. The thread keeps the process alive only while it is needed.
 */
export class EngineThread {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #hardMs: number;
  /** Resolves when the thread is no more. */
  readonly exited: Promise<void>;
  #gone: string | undefined;
  #settle: ((outcome: Outcome | 'killed' | undefined) => void) | undefined;

  private constructor(worker: Worker, clock: Clock, hardMs: number) {
    this.#worker = worker;
    this.#clock = clock;
    this.#hardMs = hardMs;
    worker.on('message', (outcome: Outcome) => this.#settle?.(outcome));
    worker.on('error', (error) => this.#end(error.message));
    this.exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#end(`exited with ${code}`);
        resolve();
      });
    });
  }

  /** Starts a thread, and resolves when it takes calls. */
  static async start(code: WorkerCode, clock: Clock, limits: SandboxLimits): Promise<EngineThread> {
    const started = { env: {}, argv: [], execArgv: [], stdin: false };
    const worker = 'file' in code ? new Worker(code.file, started) : new Worker(code.text, { ...started, eval: true });
    try {
      await ready(worker, clock, limits.startMs);
    } catch (failure) {
      void worker.terminate();
      throw failure;
    }
    worker.unref();
    return new EngineThread(worker, clock, limits.hardMs);
  }

  /** Why it takes no calls any more; undefined while it does. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /** Runs one call; never rejects. */
  run(call: Call): Promise<Outcome> {
    const begun = this.#clock.monotonic();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(this.#hardMs, () => {
        this.#end(`a call did not stop within ${this.#hardMs} ms`, 'killed');
        void this.#worker.terminate();
      });
      this.#settle = (outcome) => {
        cancel();
        this.#settle = undefined;
        this.#worker.unref();
        if (typeof outcome === 'object') resolve(outcome);
        else resolve(this.#ended(outcome, this.#clock.monotonic() - begun));
      };
      this.#worker.ref();
      this.#worker.postMessage(call);
    });
  }

  async close(): Promise<void> {
    this.#end('closed');
    await this.#worker.terminate();
  }

  /** @param how it was ended by its time; otherwise something has happened to the thread */
  #end(why: string, how?: 'killed'): void {
    this.#gone ??= why;
    this.#settle?.(how);
  }

  #ended(how: 'killed' | undefined, ms: number): Outcome {
    if (how === 'killed')
      return { failure: 'killed', message: `did not stop and was ended after ${this.#hardMs} ms`, ms };
    return { failure: 'engine', message: `was lost with its thread: ${this.#gone ?? 'no reason given'}`, ms };
  }
}

function ready(worker: Worker, clock: Clock, startMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(startMs, () => finish(new Error(`it was not ready within ${startMs} ms`)));
    const finish = (failure?: Error): void => {
      cancel();
      worker.off('message', onReady).off('error', finish).off('exit', onExit);
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const onReady = (): void => finish();
    const onExit = (code: number): void => finish(new Error(`it exited with ${code}`));
    worker.on('message', onReady).on('error', finish).on('exit', onExit);
  });
}
