import type { Duplex } from 'node:stream';

/**
 * Counts what arrives on a connection and cuts it when an answer becomes too long, before it has filled memory: the
 * libraries of databases keep a message until it is complete, however long it says that it is.
 */
export class ByteMeter {
  readonly #maxBytes: number;
  #bytes = 0;
  #exceeded = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether it cut the connection. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  watch(stream: Duplex): void {
    stream.prependListener('data', (chunk: Uint8Array) => {
      this.#bytes += chunk.length;
      if (this.#bytes <= this.#maxBytes || this.#exceeded) return;
      this.#exceeded = true;
      stream.destroy(new Error('the answer is too long'));
    });
  }

  /** Another answer begins. */
  restart(): void {
    this.#bytes = 0;
  }
}
