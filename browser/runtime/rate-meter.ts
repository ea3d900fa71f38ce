const TIME_CONSTANT_MS = 3000;

/** Events a second, smoothed over a few seconds; 0 until there were two. */
export class RateMeter {
  #rateHz = 0;
  #last: number | undefined;

  get rateHz(): number {
    return this.#rateHz;
  }

  /** @param now ms that never jump back */
  note(count: number, now: number): void {
    const before = this.#last;
    if (before === undefined) {
      this.#last = now;
      return;
    }
    const elapsedMs = now - before;
    // Several in one millisecond: leave the time standing, they count when it has moved.
    if (elapsedMs <= 0) return;
    this.#last = now;
    const weight = 1 - Math.exp(-elapsedMs / TIME_CONSTANT_MS);
    this.#rateHz += weight * ((count * 1000) / elapsedMs - this.#rateHz);
  }
}
