import { TidewallError } from '@tidewall/protocol';

/** How long a sender waits before it comes again when too much waits already. */
const AFTER_MS = 1000;

/** What all bodies that are being read take together. */
export class WaitingBytes {
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws TidewallError busy when there would be more than are allowed; then nothing is taken */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#most) {
      const message = `more than ${this.#most} bytes wait to be read (ingest.waitingBytes); try again in a moment`;
      throw new TidewallError('busy', message, { afterMs: AFTER_MS });
    }
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}
