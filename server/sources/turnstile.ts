/** Lets few at once through, and the others in the order in which they came. */
export class Turnstile {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** @param most how many are through at once */
  constructor(most: number) {
    this.#free = most;
  }

  /**
   * Waits for a place.
   *
   * @returns what gives it back; twice is once
   * @throws the reason of `signal`, when that aborts before
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    let isThrough = true;
    return () => {
      if (isThrough) this.#leave();
      isThrough = false;
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const pass = () => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = () => {
        this.#waiting.delete(pass);
        reject(signal.reason);
      };
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.add(pass);
    });
  }

  /** The place goes to the first who waits, and to nobody who came later. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
