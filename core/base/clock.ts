/** Where time comes from. Everything that waits takes one, so that a test moves time by hand and never sleeps. */
export interface Clock {
  /** Milliseconds since 1970 by the wall; may jump when somebody sets it. */
  now(): number;
  /** Milliseconds since some start; never jumps back. Use it for every duration. */
  monotonic(): number;
  /** Calls `run` once, not before `ms` have gone by; the returned function cancels it and may be called any time. */
  after(ms: number, run: () => void): () => void;
}

interface HostTimers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Not in browsers. */
  setImmediate?(run: () => void): unknown;
  clearImmediate?(immediate: unknown): void;
  performance: { now(): number };
}

// Timers and `performance` are in every place we run in, but in no ECMAScript library file; this is their only door.
const host = globalThis as unknown as HostTimers;

/** The machine's own clock. Its timers do not keep a Node process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => host.performance.now(),
  after(ms, run) {
    if (ms <= 0 && host.setImmediate) {
      // A timeout of 0 waits a millisecond; the next turn of the event loop is what is meant.
      const immediate = host.setImmediate(run);
      return () => host.clearImmediate?.(immediate);
    }
    const timer = host.setTimeout(run, ms);
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref();
    return () => host.clearTimeout(timer);
  },
};
