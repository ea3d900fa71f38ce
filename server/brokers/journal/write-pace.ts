/** So long is looked at, and waited at most. */
const WINDOW_MS = 2;
/** With so many entries in a window, one write for all of them costs far less than one for each that comes by. */
const MANY = 16;

/**
 * How long the next write waits. A write costs the same for one entry and for a hundred: where many come, they are
 * gathered. Who publishes one at a time, and waits for each, is never made to wait longer.
 */
export class WritePace {
  #beganMs = Number.NEGATIVE_INFINITY;
  #entries = 0;
  #before = 0;

  /** So many entries go with a write that begins now. */
  wrote(entries: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#entries += entries;
  }

  /** Milliseconds; 0: at once. */
  waitMs(nowMs: number): number {
    this.#roll(nowMs);
    return this.#before < MANY ? 0 : this.#beganMs + WINDOW_MS - nowMs;
  }

  #roll(nowMs: number): void {
    const passedMs = nowMs - this.#beganMs;
    if (passedMs < WINDOW_MS) return;
    this.#before = passedMs < 2 * WINDOW_MS ? this.#entries : 0;
    this.#entries = 0;
    this.#beganMs = nowMs;
  }
}
