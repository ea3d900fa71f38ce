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

/** The body of an answer, unpacked; never more of it than is allowed, packed or not. */
export class HttpBody implements AsyncIterable<Uint8Array> {
  readonly #options: HttpBodyOptions;

  constructor(options: HttpBodyOptions) {
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const { body, maxBytes, host, failure } = this.#options;
    const unpacked = this.#unpacked();
    let length = 0;
    try {
      for await (const chunk of unpacked) {
        length += (chunk as Uint8Array).length;
        if (length > maxBytes) {
          throw new TidewallError('source_error', `what ${host} answers is longer than ${maxBytes} bytes`, {
            detail: { maxBytes },
          });
        }
        yield chunk as Uint8Array;
      }
    } catch (cause) {
      throw failure(cause);
    } finally {
      unpacked.destroy();
      body.destroy();
    }
  }

  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #unpacked(): Readable {
    const { body, encoding = '', host } = this.#options;
    const unpackers: Record<string, () => Transform> = {
      gzip: createGunzip,
      'x-gzip': createGunzip,
      deflate: createInflate,
      br: createBrotliDecompress,
    };
    const name = encoding.trim().toLowerCase();
    if (name === '' || name === 'identity') return body;
    const unpack = unpackers[name];
    if (unpack === undefined)
      throw new TidewallError('source_error', `${host} answers in the encoding ${name.slice(0, 40)}`);
    const stream = unpack();
    // Not `pipeline`: its error would be the pipe's, not the far end's.
    body.once('error', (failure) => stream.destroy(failure));
    return body.pipe(stream);
  }
}
