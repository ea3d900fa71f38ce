import type { Clock } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';

/** Time that a far end has for its answer: it stands still while the hub takes what came. */
export class Patience {
  readonly #clock: Clock;
  readonly #over: () => void;
  #leftMs: number;
  #since = 0;
  #taking = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ms: number, over: () => void) {
    this.#clock = clock;
    this.#leftMs = ms;
    this.#over = over;
    this.#go();
  }

  /** The same sink; who awaits it is not running out of time. */
  around(sink: Sink): Sink {
    const unhurried = async (taking: Promise<void>): Promise<void> => {
      if (this.#taking === 0) this.#halt();
      this.#taking += 1;
      try {
        await taking;
      } finally {
        this.#taking -= 1;
        if (this.#taking === 0) this.#go();
      }
    };
    return {
      publish: (...publication) => unhurried(sink.publish(...publication)),
      result: (...result) => unhurried(sink.result(...result)),
      healthy: () => sink.healthy(),
      expect: (everyMs) => sink.expect(everyMs),
      refused: (reason) => sink.refused(reason),
    };
  }

  /** It does not run out any more. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#leftMs = Number.POSITIVE_INFINITY;
  }

  #halt(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#leftMs -= this.#clock.monotonic() - this.#since;
  }

  #go(): void {
    if (!Number.isFinite(this.#leftMs)) return;
    this.#since = this.#clock.monotonic();
    this.#cancel = this.#clock.after(Math.max(0, this.#leftMs), () => {
      this.end();
      this.#over();
    });
  }
}
