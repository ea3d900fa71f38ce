import type { Clock } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';

/** Says when a far end has said nothing for too long. */
export class Silence {
  readonly #clock: Clock;
  readonly #tooLong: (failure: TidewallError) => void;
  #ms = 0;
  #sentence: (ms: number) => string = () => '';
  #cancel = () => {};

  /** @param tooLong called once for each silence, with a sentence */
  constructor(clock: Clock, tooLong: (failure: TidewallError) => void) {
    this.#clock = clock;
    this.#tooLong = tooLong;
  }

  /** From now on it may be silent for so long. */
  allow(ms: number, sentence: (ms: number) => string): void {
    this.#ms = ms;
    this.#sentence = sentence;
    this.#begin();
  }

  /** It has just said something, and is not listened to while that is worked on. */
  async without(work: () => Promise<void>): Promise<void> {
    this.#cancel();
    await work();
    this.#begin();
  }

  end(): void {
    this.#cancel();
  }

  #begin(): void {
    this.#cancel();
    this.#cancel = this.#clock.after(this.#ms, () => {
      this.#tooLong(new TidewallError('source_error', this.#sentence(this.#ms)));
    });
  }
}
