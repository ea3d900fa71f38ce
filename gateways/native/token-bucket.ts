/**
 * Lets through `perSecond` on average and `burst` at once. What is taken while it is empty is refused and costs
 * nothing, so a caller that slows down is let in again at once.
 */
export class TokenBucket {
  readonly burst: number;
  readonly #perMs: number;
  #tokens: number;
  #filledAt: number;

  /** @param now monotonic milliseconds, as in `take` */
  constructor(perSecond: number, burst: number, now: number) {
    this.burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
    this.#filledAt = now;
  }

  take(cost: number, now: number): boolean {
    this.#fill(now);
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }

  full(now: number): boolean {
    return this.msUntilFull(now) === 0;
  }

  /** How long until it is full again when nothing more is taken. */
  msUntilFull(now: number): number {
    this.#fill(now);
    return (this.burst - this.#tokens) / this.#perMs;
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
