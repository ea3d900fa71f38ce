import type { Transport } from '@tidewall/browser-contracts/transport';

/** How long a transport that worked is tried first, though it is not the first choice. */
export const REMEMBER_MS = 3_600_000;

/** Which transport the next attempt uses: the first that works, remembered for an hour. */
export class TransportChoice {
  readonly #transports: readonly Transport[];
  #index = 0;
  #goodAt: number | undefined;

  /** @param transports best first, at least one */
  constructor(transports: readonly Transport[]) {
    if (transports.length === 0) throw new RangeError('transports must have at least one entry');
    this.#transports = transports;
  }

  next(now: number): Transport {
    if (this.#goodAt !== undefined && now - this.#goodAt > REMEMBER_MS) {
      this.#index = 0;
      this.#goodAt = undefined;
    }
    return this.#transports[this.#index] as Transport;
  }

  /** The last one carried a session. */
  worked(now: number): void {
    this.#goodAt ??= now;
  }

  /** The last one did not get as far as a session. */
  failed(): void {
    this.#index = (this.#index + 1) % this.#transports.length;
    this.#goodAt = undefined;
  }
}
