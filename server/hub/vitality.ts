import { type Freshness, type FreshnessState, freshnessOfAge } from '@tidewall/protocol';

/**
 * How alive one topic is. Age is counted on the monotonic clock since something last arrived, so that neither a
 * publisher with a wrong clock nor a jump of ours makes old data look alive.
 */
export class Vitality {
  #expectEveryMs: number | undefined;
  #aliveMs: number;
  #asOf = 0;
  /** Something has been published to it. */
  #begun = false;
  #failure: string | undefined;
  #told: FreshnessState;
  /** Grows whenever there is something to tell subscribers. */
  revision = 0;

  constructor(expectEveryMs: number | undefined, monotonicMs: number) {
    this.#expectEveryMs = expectEveryMs;
    this.#aliveMs = monotonicMs;
    this.#told = this.#state(monotonicMs);
  }

  /** Something was published, or the source said that it is well. @param at the publication's own time */
  alive(monotonicMs: number, at: number | undefined): void {
    this.#aliveMs = monotonicMs;
    if (at !== undefined) {
      this.#asOf = at;
      this.#begun = true;
    }
    this.#failure = undefined;
    this.check(monotonicMs);
  }

  /** Another cadence is expected from now on. */
  expect(everyMs: number | undefined): void {
    if (everyMs === this.#expectEveryMs) return;
    this.#expectEveryMs = everyMs;
    this.revision++;
  }

  /**
   * What is held was kept over a restart. When it arrived is not known any more, and the wall's word for its age is
   * better than calling old data new.
   *
   * @param at the newest publication's own time
   * @param ageMs how long ago that is, by the wall
   */
  remember(at: number, ageMs: number): void {
    this.#asOf = at;
    this.#begun = true;
    this.#aliveMs -= Math.max(0, ageMs);
    this.#told = this.#state(this.#aliveMs + Math.max(0, ageMs));
  }

  failed(reason: string, monotonicMs: number): void {
    if (this.#failure !== reason) this.revision++;
    this.#failure = reason;
    this.check(monotonicMs);
  }

  /** Looks whether the state has changed, and if so counts `revision` up. */
  check(monotonicMs: number): void {
    const state = this.#state(monotonicMs);
    if (state === this.#told) return;
    this.#told = state;
    this.revision++;
  }

  ageMs(monotonicMs: number): number {
    return monotonicMs - this.#aliveMs;
  }

  read(monotonicMs: number): Freshness {
    return {
      state: this.#state(monotonicMs),
      asOf: this.#asOf,
      ...(this.#expectEveryMs === undefined ? {} : { expectEveryMs: this.#expectEveryMs }),
      ...(this.#failure === undefined ? {} : { reason: this.#failure }),
    };
  }

  #state(monotonicMs: number): FreshnessState {
    if (this.#failure !== undefined) return 'failed';
    const state = freshnessOfAge(this.ageMs(monotonicMs), this.#expectEveryMs);
    // However well its source is: there is nothing to look at that could be fresh.
    return state === 'ok' && !this.#begun ? 'quiet' : state;
  }
}
