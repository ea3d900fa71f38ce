import type { Clock } from '@tidewall/base';
import { pause } from './pause.ts';

/**
 * Yields the wall's time at each whole multiple of `everyMs` until `signal` aborts, without drift: a late tick does not
 * move the next one, and a tick that took longer than the period skips those it missed.
 *
 * Two ticks are never closer than half a period, though a timer fires early or the wall's clock is set; a rate over a
 * few milliseconds would be noise.
 */
export async function* ticks(clock: Clock, everyMs: number, signal: AbortSignal): AsyncGenerator<number, void> {
  let startedAt = clock.monotonic();
  while (!signal.aborted) {
    await pause(clock, untilNextTick(clock.now(), everyMs, clock.monotonic() - startedAt), signal);
    if (signal.aborted) return;
    startedAt = clock.monotonic();
    yield clock.now();
  }
}

/** Milliseconds until the next whole multiple of `everyMs` that is at least half a period after the tick before. */
export function untilNextTick(now: number, everyMs: number, sinceTickMs: number): number {
  const wait = everyMs - (((now % everyMs) + everyMs) % everyMs);
  return sinceTickMs + wait < everyMs / 2 ? wait + everyMs : wait;
}
