import { backoffMs } from '@tidewall/base';

/** How retries spread: a server that comes back is not asked by every wall at once. */
const RETRY = { baseMs: 1000, maxMs: 30_000 };
/** A failure after this many in a row is waited for as long as the one before it. */
const MAX_ATTEMPT = 5;

export interface Attempts {
  /** Ends them all: what is under way is given up, and nothing is tried again. */
  readonly signal: AbortSignal;
  /** Hears why each attempt that is tried again did not succeed. */
  failed(failure: unknown): void;
  /** How long to wait after a failure; undefined, or no such function: with back-off. */
  waitMs?(failure: unknown): number | undefined;
}

/** What an attempt gives, once one succeeds. Rejects only with the reason of the signal. */
export async function untilItWorks<T>(attempt: (signal: AbortSignal) => Promise<T>, attempts: Attempts): Promise<T> {
  const { signal } = attempts;
  for (let failures = 0; ; failures = Math.min(failures + 1, MAX_ATTEMPT)) {
    signal.throwIfAborted();
    try {
      return await attempt(signal);
    } catch (failure) {
      signal.throwIfAborted();
      attempts.failed(failure);
      await wait(attempts.waitMs?.(failure) ?? backoffMs(failures, RETRY, Math.random()), signal);
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
