import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@tidewall/base';

/** More timers than this in one `advance` mean that code under test re-arms itself without letting time pass. */
const MAX_RUNS = 100_000;

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock whose time passes only in `advance`, so that a test of waiting takes no time and always goes the same way. */
export class FakeClock implements Clock {
  #elapsed = 0;
  #wall: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param startMs the wall's time at first, ms since 1970 */
  constructor(startMs = 1_700_000_000_000) {
    this.#wall = startMs;
  }

  /** Timers that wait. An owner that was closed must leave 0. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#wall + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { dueAt: this.#elapsed + Math.max(0, ms), order: this.#order++, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Somebody sets the wall's clock; durations do not notice. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /**
   * Lets time pass. Timers run in the order they are due, each with the clock at its own time, and whatever promises
   * they settle is carried through before the next one runs. `advance(0)` only carries promises through.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await setImmediate();
    for (let runs = 0; ; runs++) {
      const next = this.#next();
      if (next === undefined || next.dueAt > until) break;
      if (runs >= MAX_RUNS) throw new RangeError(`advance(${ms}) ran ${MAX_RUNS} timers; one re-arms itself for ever`);
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.dueAt);
      next.run();
      await setImmediate();
    }
    this.#elapsed = until;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}
