import { Readable } from 'node:stream';
import type { KeyIdentity } from '@tidewall/auth';
import { TidewallError } from '@tidewall/protocol';
import type { FastifyRequest } from 'fastify';
import type { BoundRoute, RouteCall } from './route.ts';

/** Of a body that is otherwise taken as it comes: signed, it has to be here before any of it is. */
const MOST_SIGNED_BYTES = 1024 * 1024;

/**
 * The body of a request for its route. One that was signed is here as a whole, and is what was signed: nothing is done
 * with any other.
 *
 * @throws TidewallError unauthenticated, limit_exceeded
 */
export async function signedBody(
  { raw, body }: Pick<FastifyRequest, 'raw' | 'body'>,
  route: Pick<BoundRoute, 'body'>,
  keys: Pick<KeyIdentity, 'signsBody' | 'checkBody'>,
): Promise<Pick<RouteCall<unknown, unknown>, 'body' | 'stream'>> {
  const whole = body instanceof Uint8Array ? body : new Uint8Array();
  if (!keys.signsBody(raw)) return { body: whole, stream: raw };
  if (route.body?.read !== 'stream') {
    keys.checkBody(raw, whole);
    return { body: whole, stream: raw };
  }
  const bytes = await readWhole(raw, Math.min(route.body.maxBytes, MOST_SIGNED_BYTES));
  keys.checkBody(raw, bytes);
  return { body: whole, stream: Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }) };
}

async function readWhole(stream: Readable, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    // Leaving early must not destroy the request: that would cut the answer off too.
    for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > maxBytes) throw new TidewallError('limit_exceeded', `a signed body may have ${maxBytes} bytes`);
      pieces.push(piece);
    }
  } catch (failure) {
    if (failure instanceof TidewallError) throw failure;
    throw new TidewallError('bad_request', 'the body broke off before its end', { cause: failure });
  }
  return Buffer.concat(pieces, length);
}
