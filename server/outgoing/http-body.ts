import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { TidewallError } from '@tidewall/protocol';

export interface HttpBodyOptions {
  readonly body: Readable;
  /** As its header says. */
  readonly encoding: string | undefined;
  readonly maxBytes: number;
  readonly host: string;
  /** What is thrown when it breaks off. */
  failure(cause: unknown): unknown;
}

const UNPACKERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The body of an answer, unpacked; never more of it than is allowed, packed or not. It must be read or discarded. */
export class HttpBody implements AsyncIterable<Uint8Array> {
  readonly #options: HttpBodyOptions;

  constructor(options: HttpBodyOptions) {
    this.#options = options;
    // It may break off while nobody reads it; who reads it then hears of it all the same.
    options.body.on('error', () => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const { body, maxBytes, failure } = this.#options;
    let unpacked: Readable | undefined;
    let length = 0;
    try {
      unpacked = this.#unpacked();
      for await (const chunk of unpacked) {
        length += (chunk as Uint8Array).length;
        if (length > maxBytes) throw this.#tooLong();
        yield chunk as Uint8Array;
      }
    } catch (cause) {
      throw failure(cause);
    } finally {
      unpacked?.destroy();
      body.destroy();
    }
  }

  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  discard(): void {
    this.#options.body.destroy();
  }

  #tooLong(): TidewallError {
    const { host, maxBytes } = this.#options;
    return new TidewallError('source_error', `what ${host} answers is longer than ${maxBytes} bytes`, {
      detail: { maxBytes },
    });
  }

  #unpacked(): Readable {
    const { body, encoding = '', host, maxBytes } = this.#options;
    const name = encoding.trim().toLowerCase();
    if (name === '' || name === 'identity') return body;
    const unpack = Object.hasOwn(UNPACKERS, name) ? UNPACKERS[name] : undefined;
    if (unpack === undefined) {
      throw new TidewallError('source_error', `${host} answers in the encoding ${JSON.stringify(name.slice(0, 40))}`);
    }
    const stream = unpack();
    let packed = 0;
    body.on('data', (chunk: Uint8Array) => {
      packed += chunk.length;
      // What unpacks to nothing could go on for ever.
      if (packed > maxBytes) stream.destroy(this.#tooLong());
    });
    // Not `pipeline`: its error would be the pipe's, not the far end's.
    body.once('error', (failure) => stream.destroy(failure));
    // An answer without a body (304) may name an encoding of nothing.
    body.once('end', () => packed === 0 && stream.push(null));
    return body.pipe(stream);
  }
}
