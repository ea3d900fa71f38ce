import type { Clock } from '@tidewall/base';
import { pause } from '../pause.ts';

export interface ReplayPaceOptions {
  readonly clock: Clock;
  readonly speed: number;
  readonly maxGapMs: number;
}

/** When the lines of a recording are due: as far from each other as they were, by the speed, and without long silences. */
export class ReplayPace {
  readonly #options: ReplayPaceOptions;
  readonly #startedAt: number;
  #lastAt: number | undefined;
  /** Time of the recording that has been played. */
  #playedMs = 0;

  constructor(options: ReplayPaceOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /** Resolves when a line is due, or when `signal` aborts. One that is older than the line before is due at once. */
  async until(at: number, signal: AbortSignal): Promise<void> {
    const { clock, speed, maxGapMs } = this.#options;
    const gapMs = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#playedMs += Math.max(0, Math.min(gapMs, maxGapMs));
    this.#lastAt = Math.max(at, this.#lastAt ?? at);
    const waitMs = this.#startedAt + this.#playedMs / speed - clock.monotonic();
    if (waitMs > 0) await pause(clock, waitMs, signal);
  }
}
