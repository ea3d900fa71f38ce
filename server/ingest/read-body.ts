import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TidewallError } from '@tidewall/protocol';
import type { ContentEncoding } from './ingest-definition.ts';
import { unpackSnappy } from './snappy.ts';
import type { WaitingBytes } from './waiting-bytes.ts';

export interface ReadBodyOptions {
  readonly encoding: ContentEncoding;
  readonly maxBytes: number;
  readonly waiting: WaitingBytes;
}

/** A whole body; `release` gives back what it takes of all that may wait. */
export interface WholeBody {
  readonly bytes: Buffer;
  release(): void;
}

/**
 * The whole body of a request, unpacked if need be; never more of it than is allowed, packed or not.
 *
 * @throws TidewallError limit_exceeded, busy, bad_request when it is not what it is said to be
 */
export async function readBody(request: Readable, options: ReadBodyOptions): Promise<WholeBody> {
  const { encoding, maxBytes, waiting } = options;
  const pieces: Buffer[] = [];
  let taken = 0;
  const take = (bytes: number) => {
    waiting.take(bytes);
    taken += bytes;
  };
  try {
    let length = 0;
    const add = (piece: Buffer) => {
      length += piece.length;
      if (length > maxBytes) throw tooLarge(maxBytes, encoding === 'gzip');
      take(piece.length);
      pieces.push(piece);
    };
    await (encoding === 'gzip' ? unzip(request, maxBytes, add) : readPieces(request, add));
    const whole = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, length);
    const bytes = encoding === 'snappy' ? unpackSnappy(whole, maxBytes, take) : whole;
    return { bytes, release: () => waiting.giveBack(taken) };
  } catch (failure) {
    waiting.giveBack(taken);
    if (failure instanceof TidewallError) throw failure;
    throw new TidewallError('bad_request', 'the body broke off before its end', { cause: failure });
  }
}

async function readPieces(request: Readable, add: (piece: Buffer) => void): Promise<void> {
  // Leaving early must not destroy the request: that would cut the answer off too.
  for await (const piece of request.iterator({ destroyOnReturn: false })) add(piece as Buffer);
}

async function unzip(request: Readable, maxBytes: number, add: (piece: Buffer) => void): Promise<void> {
  const gunzip = createGunzip();
  let packed = 0;
  request.on('data', (piece: Buffer) => {
    packed += piece.length;
    if (packed > maxBytes) gunzip.destroy(tooLarge(maxBytes, true));
  });
  // Not `pipeline`, which would destroy the request.
  const cut = (cause?: Error) => gunzip.destroy(cause ?? new Error('the sender is gone'));
  request.once('error', cut);
  request.once('close', cut);
  request.once('end', () => request.off('close', cut));
  try {
    for await (const piece of request.pipe(gunzip)) add(piece as Buffer);
  } catch (cause) {
    if (cause instanceof TidewallError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TidewallError('bad_request', `the body is not gzip: ${reason}`, { cause });
  } finally {
    request.off('error', cut);
    request.off('close', cut);
    request.unpipe(gunzip);
    request.removeAllListeners('data');
    request.pause();
    gunzip.destroy();
  }
}

function tooLarge(maxBytes: number, zipped: boolean): TidewallError {
  const what = zipped ? 'the body is larger once it is unpacked' : 'the body is larger';
  return new TidewallError('limit_exceeded', `${what} than ${maxBytes} bytes (ingest.bodyBytes)`);
}
