import { JSException, QuickJS, type QuickJSOptions, type Snapshot } from 'quickjs-wasi';
import { BOOT_SOURCE } from './boot-source.ts';
import type { Call, FailureReason, Outcome } from './messages.ts';

type Module = QuickJSOptions['wasm'];

// WebAssembly is in every Node, but in no ECMAScript library file; this is its only door.
const { WebAssembly } = globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<Module> } };

/** The stack of a program, in bytes; the most that the engine takes. */
const STACK_BYTES = 512 * 1024;

/**
 * QuickJS in WebAssembly. Each call has an instance and a memory to itself, laid out as they were after the start: so
 * nothing of one call is there in the next, not even a fault of the engine.
 */
export class Engine {
  readonly #module: Module;
  readonly #snapshot: Snapshot;

  private constructor(module: Module, snapshot: Snapshot) {
    this.#module = module;
    this.#snapshot = snapshot;
  }

  /** An engine that has JSONata in it. It takes 60 ms; a call then begins within 3. */
  static async create(wasm: Uint8Array, jsonata: string): Promise<Engine> {
    const module = await WebAssembly.compile(wasm);
    const machine = await QuickJS.create({ wasm: module, maxStackSize: STACK_BYTES, timezoneOffset: 0 });
    machine.evalCode(jsonata).dispose();
    machine.evalCode(BOOT_SOURCE).dispose();
    return new Engine(module, machine.snapshot());
  }

  /** Runs one call; never rejects. What it cannot interrupt blocks the thread, which is for its owner to end. */
  async run({ kind, code, data, limits }: Call): Promise<Outcome> {
    const begun = performance.now();
    const until = begun + limits.softMs;
    const ended = (outcome: { json: string } | { failure: FailureReason; message: string }): Outcome => ({
      ...outcome,
      ms: performance.now() - begun,
    });
    try {
      const machine = await QuickJS.restore(this.#snapshot, {
        wasm: this.#module,
        memoryLimit: limits.memoryBytes,
        maxStackSize: STACK_BYTES,
        timezoneOffset: 0,
        interruptHandler: () => performance.now() > until,
        // A failing engine would write to our standard output.
        wasi: () => ({ fd_write: () => BAD_FILE }),
      });
      const run = machine.global.getProp('tidewall');
      const args = [machine.newString(kind), machine.newString(code), machine.newString(data)];
      const promise = machine.callFunction(run, machine.undefined, ...args, machine.newNumber(limits.resultLength));
      machine.executePendingJobs();
      if (promise.promiseState === PENDING) {
        return ended({
          failure: 'pending',
          message: 'waits for a promise that nothing settles: there are no timers and no network',
        });
      }
      const settled = await machine.resolvePromise(promise);
      if ('error' in settled) return ended({ failure: 'engine', message: 'failed in the engine' });
      return ended(readAnswer(settled.value.toString(), limits));
    } catch (failure) {
      return ended(readException(failure, limits));
    }
  }
}

/** `errno` of WASI for a file that is not open. */
const BAD_FILE = 8;
const PENDING = 0;

function readAnswer(
  text: string,
  { resultLength }: Call['limits'],
): { json: string } | { failure: FailureReason; message: string } {
  const rest = text.slice(1);
  switch (text[0]) {
    case 'v':
      return { json: rest };
    case 's':
      return { failure: 'size', message: `returns ${rest} letters of JSON, at most ${resultLength}` };
    case 'u':
      return { failure: 'result', message: 'returns nothing that JSON can say: does it end with return?' };
    default:
      return isTooDeep(rest) ? TOO_DEEP : { failure: 'thrown', message: rest };
  }
}

/** What the program could not have caught itself. */
function readException(
  failure: unknown,
  { softMs, memoryBytes }: Call['limits'],
): { failure: FailureReason; message: string } {
  const message = failure instanceof Error ? failure.message : String(failure);
  if (failure instanceof JSException && message === 'interrupted') {
    return { failure: 'time', message: `takes longer than ${softMs} ms` };
  }
  if (message === 'out of memory' || message === 'string too long') {
    return { failure: 'memory', message: `takes more than ${memoryBytes / 1024 ** 2} MiB of memory` };
  }
  // The stack of the thread may end before that of the program does.
  if (isTooDeep(`${message}`)) return TOO_DEEP;
  return { failure: 'engine', message: `failed in the engine: ${message.slice(0, 200)}` };
}

const TOO_DEEP = { failure: 'depth', message: 'calls itself, or nests, too deeply' } as const;

function isTooDeep(message: string): boolean {
  return /call stack size exceeded|stack overflow/.test(message);
}
