import type { Limits } from '@tidewall/protocol';
import { TokenBucket } from './token-bucket.ts';

/** A heartbeat, a clock ping or a blank line: hardly any work, but not none, or it would be the way to flood. */
export const HEARTBEAT_COST = 0.1;
export const COMMAND_COST = 1;

export type Verdict =
  | { readonly type: 'admitted' }
  | { readonly type: 'refused'; readonly afterMs: number }
  | { readonly type: 'flooding' };

const ADMITTED: Verdict = { type: 'admitted' };
const FLOODING: Verdict = { type: 'flooding' };

/**
 * The rate limit of one peer: `commandsPerSecond` on average and `commandBurst` at once are carried out, as many again
 * are refused with a time to wait, and who goes on beyond that is flooding.
 */
export class CommandRate {
  readonly #carriedOut: TokenBucket;
  readonly #refused: TokenBucket;

  constructor({ commandsPerSecond, commandBurst }: Limits, now: number) {
    this.#carriedOut = new TokenBucket(commandsPerSecond, commandBurst, now);
    this.#refused = new TokenBucket(commandsPerSecond, commandBurst, now);
  }

  /** Nothing is remembered of what was taken: it is as good as a new one. */
  fresh(now: number): boolean {
    return this.#carriedOut.full(now) && this.#refused.full(now);
  }

  take(cost: number, now: number): Verdict {
    if (this.#carriedOut.take(cost, now)) return ADMITTED;
    // A refusal costs the same whatever was refused: it is an answer that has to be written.
    if (!this.#refused.take(COMMAND_COST, now)) return FLOODING;
    // Each refused command is told a later time than the one before, or they would all come back together.
    return { type: 'refused', afterMs: Math.ceil(this.#refused.msUntilFull(now)) + 1 };
  }
}
