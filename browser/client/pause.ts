import { backoffMs, type Clock } from '@tidewall/base';
import { RECONNECT, STABLE_MS } from './connection.ts';

/** The one thing that waits for its time, and how long it has to. */
export class Pause {
  readonly #clock: Clock;
  readonly #random: () => number;
  #cancel: (() => void) | undefined;
  #troubles = 0;
  #troubledAt = 0;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: () => number }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Whether something waits. */
  get waits(): boolean {
    return this.#cancel !== undefined;
  }

  /** Does it then, in place of what waited before; at once where there is nothing to wait for. */
  after(ms: number, run: () => void): void {
    this.stop();
    if (ms === 0) run();
    else {
      this.#cancel = this.#clock.after(ms, () => {
        this.#cancel = undefined;
        run();
      });
    }
  }

  /** Leaves no timer. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** How long to wait after trouble: not at all the first time in a while, then by back-off. */
  troubleMs(): number {
    const now = this.#clock.monotonic();
    if (now - this.#troubledAt >= STABLE_MS) this.#troubles = 0;
    this.#troubledAt = now;
    const earlier = this.#troubles++;
    return earlier === 0 ? 0 : backoffMs(earlier - 1, RECONNECT, this.#random());
  }
}
