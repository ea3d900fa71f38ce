import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@tidewall/base';

/** Work goes on for this long, or for this many steps, before everybody else has a turn. */
const MAX_WORK_MS = 5;
export const MAX_STEPS = 256;

/**
 * Keeps long work from holding up the whole server: what waits only for promises that settle at once, like a loop over
 * many rows, never lets the event loop turn by itself.
 */
export class Turns {
  readonly #clock: Clock;
  #next: Promise<void> | undefined;
  #steps = 0;
  #startedAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one step of the work. @returns what to await before the next one; undefined while there is time */
  step(): Promise<void> | undefined {
    this.#next ??= this.#turn();
    this.#steps += 1;
    const isLong = this.#steps >= MAX_STEPS || this.#clock.monotonic() - this.#startedAt >= MAX_WORK_MS;
    return isLong ? this.#next : undefined;
  }

  async #turn(): Promise<void> {
    this.#steps = 0;
    this.#startedAt = this.#clock.monotonic();
    await setImmediate();
    this.#next = undefined;
  }
}
