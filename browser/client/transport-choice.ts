import type { Transport } from '@tidewall/browser-contracts/transport';

/** How long a transport that worked is tried first, though it is not the first choice. */
export const REMEMBER_MS = 3_600_000;

/*
 * A ladder, best first. After a link that worked the next one begins at the best transport that has worked in the last
 * hour; one that fails makes room for the next below, and the last for the first. So a server that was away for a while
 * leaves nobody on a lower rung for longer than one link, and where WebSocket never works nobody waits for it more than
 * once an hour.
 */

/** Which transport the next attempt uses. */
export class TransportChoice {
  readonly #transports: readonly Transport[];
  /** When each first worked, while that is remembered. */
  readonly #workedAt = new Map<number, number>();
  #index = 0;
  #fresh = false;

  /** @param transports best first, at least one */
  constructor(transports: readonly Transport[]) {
    if (transports.length === 0) throw new RangeError('transports must have at least one entry');
    this.#transports = transports;
  }

  next(now: number): Transport {
    for (const [index, at] of this.#workedAt) if (now - at > REMEMBER_MS) this.#workedAt.delete(index);
    if (this.#fresh) this.#index = Math.min(...this.#workedAt.keys(), this.#transports.length);
    this.#index %= this.#transports.length;
    this.#fresh = false;
    return this.#transports[this.#index] as Transport;
  }

  /** The last one carried a session. */
  worked(now: number): void {
    if (!this.#workedAt.has(this.#index)) this.#workedAt.set(this.#index, now);
    this.#fresh = true;
  }

  /** The last one did not get as far as a session. */
  failed(): void {
    this.#index = (this.#index + 1) % this.#transports.length;
  }
}
