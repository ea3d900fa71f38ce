import type { Clock } from '@tidewall/base';
import type { Transport } from '@tidewall/browser-contracts/transport';

/** How long a transport that worked is tried first, though it is not the first choice. */
export const REMEMBER_MS = 3_600_000;

/** Where a few words outlive the page; `localStorage` is one. Whatever it throws is passed over. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export interface TransportChoiceOptions {
  /** Best first, at least one. */
  readonly transports: readonly Transport[];
  /** What is remembered is of the way to this server. */
  readonly url: string;
  /** The time of day, since what is remembered outlives this machine's durations. */
  readonly clock: Pick<Clock, 'now'>;
  /** The platform's `localStorage` when absent, if there is one. */
  readonly memory?: Memory | undefined;
}

/*
 * A ladder, best first. After a link that worked, and on a page that is loaded again, the next one begins at the best
 * transport that has worked in the last hour; one that fails makes room for the next below, and the last for the first.
 * So a server that was away for a while leaves nobody on a lower rung for longer than one link, and where WebSocket never
 * works nobody waits for it more than once an hour.
 */

/** Which transport the next attempt uses. */
export class TransportChoice {
  readonly #options: TransportChoiceOptions;
  readonly #key: string;
  /** When each first worked, by its name. */
  #workedAt: Record<string, number> = {};
  #index = 0;
  #fresh = true;

  constructor(options: TransportChoiceOptions) {
    if (options.transports.length === 0) throw new RangeError('transports must have at least one entry');
    this.#options = options;
    this.#key = `tidewall ${options.url}`;
    this.#remember((memory) => {
      this.#workedAt = { ...JSON.parse(memory.getItem(this.#key) ?? '') };
    });
  }

  next(): Transport {
    const { transports } = this.#options;
    if (this.#fresh) this.#index = Math.max(0, transports.findIndex(this.#hasWorked));
    this.#fresh = false;
    return transports[this.#index] as Transport;
  }

  /** The last one carried a session. */
  worked(): void {
    this.#fresh = true;
    const transport = this.#options.transports[this.#index] as Transport;
    if (this.#hasWorked(transport)) return;
    this.#workedAt[transport.name] = this.#options.clock.now();
    this.#remember((memory) => memory.setItem(this.#key, JSON.stringify(this.#workedAt)));
  }

  /** The last one did not get as far as a session. */
  failed(): void {
    this.#index = (this.#index + 1) % this.#options.transports.length;
  }

  readonly #hasWorked = ({ name }: Transport): boolean => {
    const ageMs = this.#options.clock.now() - (this.#workedAt[name] ?? Number.NaN);
    return ageMs >= 0 && ageMs <= REMEMBER_MS;
  };

  #remember(exchange: (memory: Memory) => void): void {
    const { transports, memory } = this.#options;
    // Where there is no choice there is nothing to remember, and Node warns of who looks for its localStorage.
    if (transports.length === 1) return;
    try {
      const kept = memory ?? (globalThis as { localStorage?: Memory }).localStorage;
      if (kept) exchange(kept);
    } catch {
      // A page that may keep nothing, or whose room is full, and a text that is not ours.
    }
  }
}
