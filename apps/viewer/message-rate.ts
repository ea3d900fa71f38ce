/** Lets `perSecond` through on average and twice as many at once. What is refused costs nothing. */
export class MessageRate {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  /** @param now monotonic milliseconds */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = 2 * perSecond;
    this.#filledAt = now();
  }

  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(2 * this.#perSecond, this.#left + ((now - this.#filledAt) * this.#perSecond) / 1000);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
