import type { Clock } from '@tidewall/base';

/** Syncs a while after something was written, and again a while after that when more was. */
export class LazySync {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #sync: () => Promise<void>;
  #dirty = false;
  #waiting = false;
  #cancel = () => {};

  /** @param sync never rejects, and is not called again before it has resolved */
  constructor(clock: Clock, afterMs: number, sync: () => Promise<void>) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#sync = sync;
  }

  /** Something was written. */
  touch(): void {
    this.#dirty = true;
    if (this.#waiting) return;
    this.#waiting = true;
    this.#cancel = this.#clock.after(this.#afterMs, () => void this.#run());
  }

  dispose(): void {
    this.#waiting = true;
    this.#cancel();
  }

  async #run(): Promise<void> {
    this.#dirty = false;
    await this.#sync();
    this.#waiting = false;
    if (this.#dirty) this.touch();
  }
}
