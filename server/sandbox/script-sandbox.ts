import { type Clock, type JsonValue, parseJson } from '@tidewall/base';
import type { Log, Meter } from '@tidewall/contracts';
import type { Sandbox } from '@tidewall/transform';
import { EngineThread } from './engine-thread.ts';
import { failureError } from './failure-error.ts';
import { FairQueue } from './fair-queue.ts';
import { SANDBOX_LIMITS, type SandboxLimits } from './limits.ts';
import type { Call, CodeKind, FailureReason, Outcome } from './messages.ts';
import { SandboxMetrics } from './sandbox-metrics.ts';
import { type WorkerCode, workerCode } from './worker-code.ts';

export interface ScriptSandboxOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly limits?: Partial<SandboxLimits>;
  /** The code of the thread; what belongs to this build when absent. */
  readonly worker?: WorkerCode;
}

interface Waiting {
  readonly call: Call;
  settle(outcome: Outcome): void;
}

/**
 * Runs the scripts and JSONata expressions of all callers, one at a time, in a thread of its own that it starts when it is
 * first needed. Whatever a script does, its caller has an answer within `hardMs` of its turn, the process goes on, and the
 * next one is served by a new thread.
 */
export class ScriptSandbox {
  readonly #options: ScriptSandboxOptions;
  readonly #limits: SandboxLimits;
  readonly #metrics: SandboxMetrics;
  readonly #queue = new FairQueue<Waiting>();
  #thread: EngineThread | undefined;
  #pumping = false;
  #closed = false;

  constructor(options: ScriptSandboxOptions) {
    this.#options = options;
    this.#limits = { ...SANDBOX_LIMITS, ...options.limits };
    this.#metrics = new SandboxMetrics(options.meter, () => this.#queue.size);
  }

  /** The sandbox as one caller has it: callers take turns, however much each of them asks for. */
  of(caller: string): Sandbox {
    return {
      script: (code, data) => this.#call(caller, 'script', code, data),
      jsonata: (expression, data) => this.#call(caller, 'jsonata', expression, data),
    };
  }

  /** Ends the thread; calls that wait or run fail with `busy`. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next.settle(STOPPING);
    await this.#thread?.close();
  }

  async #call(caller: string, kind: CodeKind, code: string, data: JsonValue): Promise<JsonValue> {
    const text = JSON.stringify(data);
    const { inputLength, waiting, waitingOfCaller, softMs, memoryBytes, resultLength } = this.#limits;
    if (text.length > inputLength) {
      throw this.#failed(kind, 'size', `is given ${text.length} letters of JSON, at most ${inputLength}`);
    }
    if (this.#closed) throw this.#failed(kind, 'busy', STOPPING.message);
    if (this.#queue.size >= waiting || this.#queue.sizeOf(caller) >= waitingOfCaller) {
      throw this.#failed(kind, 'busy', `waits behind too many others (${waiting}, of one caller ${waitingOfCaller})`);
    }
    const call: Call = { kind, code, data: text, limits: { softMs, memoryBytes, resultLength } };
    const outcome = await new Promise<Outcome>((settle) => {
      this.#queue.push(caller, { call, settle });
      void this.#pump();
    });
    this.#metrics.calls.add(1, { kind });
    this.#metrics.seconds.add(outcome.ms / 1000, { kind });
    if ('failure' in outcome) throw this.#failed(kind, outcome.failure, outcome.message);
    try {
      return parseJson(outcome.json);
    } catch (failure) {
      throw this.#failed(kind, 'result', `returns what cannot be taken: ${(failure as Error).message}`);
    }
  }

  /** Runs what waits until nothing does. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      next.settle(await this.#run(next.call));
    }
    this.#pumping = false;
  }

  async #run(call: Call): Promise<Outcome> {
    try {
      const thread = await this.#readyThread();
      const outcome = await thread.run(call);
      if (thread.gone !== undefined) this.#options.log.warn({ why: thread.gone }, 'a thread of the sandbox ended');
      return this.#closed && 'failure' in outcome ? STOPPING : outcome;
    } catch (failure) {
      this.#options.log.error({ err: failure }, 'the sandbox could not be started');
      return { failure: 'engine', message: 'found no sandbox to run in; the log of the server says why', ms: 0 };
    }
  }

  async #readyThread(): Promise<EngineThread> {
    if (this.#thread?.gone === undefined && this.#thread !== undefined) return this.#thread;
    this.#metrics.threads.add(1);
    const { clock, worker = workerCode() } = this.#options;
    this.#thread = await EngineThread.start(worker, clock, this.#limits);
    if (this.#closed) await this.#thread.close();
    return this.#thread;
  }

  #failed(kind: CodeKind, reason: FailureReason, message: string): Error {
    this.#metrics.failures.add(1, { reason });
    return failureError(kind, reason, message);
  }
}

const STOPPING = { failure: 'busy', message: 'was not run: the server stops', ms: 0 } as const;
