import { DEFAULT_LIMITS } from '@tidewall/protocol';

/** Every bound of the sandbox. */
export interface SandboxLimits {
  /** A call that takes longer is interrupted. */
  readonly softMs: number;
  /** One that cannot be interrupted is ended with the thread that it runs in. */
  readonly hardMs: number;
  /** A thread that is not ready by then has failed to start. */
  readonly startMs: number;
  /** What the engine of a call may allocate; that has no garbage of other calls in it. */
  readonly memoryBytes: number;
  /** JSON of what goes in, and of what comes out, in UTF-16 units. */
  readonly inputLength: number;
  readonly resultLength: number;
  /** Calls that wait for the one that runs, of all callers and of one. */
  readonly waiting: number;
  readonly waitingOfCaller: number;
}

const MEBIBYTE = 1024 * 1024;

export const SANDBOX_LIMITS: SandboxLimits = {
  softMs: 200,
  hardMs: 1500,
  startMs: 10_000,
  memoryBytes: 32 * MEBIBYTE,
  inputLength: 8 * MEBIBYTE,
  resultLength: DEFAULT_LIMITS.publicationBytes,
  waiting: 256,
  waitingOfCaller: 16,
};
