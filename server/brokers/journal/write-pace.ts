import type { Clock } from '@tidewall/base';

/** So long is looked at, and waited at most. */
const WINDOW_MS = 2;
/** With so many entries in a window, one write for all of them costs far less than one for each that comes by. */
const MANY = 16;

/**
 * How long the next write waits. A write costs the same for one entry and for a hundred: where many come, they are
 * gathered. Who publishes one at a time, and waits for each, is never made to wait longer.
 */
export class WritePace {
  readonly #clock: Clock;
  #beganMs = Number.NEGATIVE_INFINITY;
  #entries = 0;
  #before = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** So many entries go with the write that `next` was asked for: what has waited for a window counts in that one. */
  wrote(entries: number): void {
    this.#entries += entries;
  }

  /** Resolves when the next write shall begin; undefined: at once. */
  next(): Promise<void> | undefined {
    const passedMs = this.#roll();
    if (this.#before < MANY) return undefined;
    return new Promise((resolve) => {
      this.#clock.after(WINDOW_MS - passedMs, resolve);
    });
  }

  /** @returns how much of the window has passed */
  #roll(): number {
    const nowMs = this.#clock.monotonic();
    const passedMs = nowMs - this.#beganMs;
    if (passedMs < WINDOW_MS) return passedMs;
    this.#before = passedMs < 2 * WINDOW_MS ? this.#entries : 0;
    this.#entries = 0;
    this.#beganMs = nowMs;
    return 0;
  }
}
