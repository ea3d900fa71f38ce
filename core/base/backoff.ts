/** Bounds of a retry delay, in milliseconds. */
export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * A delay for the `attempt`-th retry (0 is the first) that spreads clients which failed together: full jitter, never
 * below `baseMs` and never above `maxMs`.
 *
 * @param random a number in [0, 1)
 * @see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
 */
export function backoffMs(attempt: number, limits: BackoffLimits, random: number): number {
  // 2 ** 1024 is Infinity, and Infinity * 0 is NaN: stop growing long before that.
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(attempt, 30));
  return Math.min(limits.maxMs, limits.baseMs + random * ceiling);
}
