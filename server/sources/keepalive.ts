import { systemClock } from '@tidewall/base';

export interface KeepaliveOptions {
  /** How long the far end may be silent, ms: it is asked twice in that time. */
  readonly silenceMs: number;
  /** Makes the far end say something. */
  ask(): void;
  /** It has not said anything for one and a half of `silenceMs`. */
  dead(): void;
}

/**
 * Notices that a link is dead though nobody has closed it. It goes by how often the far end was asked in vain, so that a
 * process that was held up does not take its own silence for that of the far end.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #heard = true;
  #listens = true;
  #inVain = 0;
  #cancel: () => void = () => {};

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#wait();
  }

  /** Something came. */
  heard(): void {
    this.#heard = true;
  }

  /** Whether what comes is read: who does not listen does not hear. */
  listens(listens: boolean): void {
    this.#listens = listens;
    this.#heard = true;
  }

  stop(): void {
    this.#cancel();
  }

  #wait(): void {
    const { silenceMs, ask, dead } = this.#options;
    // A network's time is the machine's, whatever clock a source is given.
    this.#cancel = systemClock.after(silenceMs / 2, () => {
      this.#inVain = this.#heard || !this.#listens ? 0 : this.#inVain + 1;
      this.#heard = false;
      if (this.#inVain >= 2) dead();
      else {
        this.#wait();
        ask();
      }
    });
  }
}
