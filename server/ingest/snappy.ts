import { TidewallError } from '@tidewall/protocol';

/** The most bytes that one byte of a block can become: three of them copy sixty-four. */
const MOST_RATIO = 22;
/** So many bytes give the length at most. */
const MOST_LENGTH_BYTES = 5;

/**
 * A block of snappy, unpacked; not the framed form that files have.
 *
 * @param take called with its length before there is room for it, and may throw
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 * @throws TidewallError bad_request when it is broken, limit_exceeded when it would have more than `maxBytes`
 */
export function unpackSnappy(packed: Uint8Array, maxBytes: number, take: (bytes: number) => void): Buffer {
  const { length, at: start } = readLength(packed);
  if (length > maxBytes) {
    const message = `the body is larger once it is unpacked than ${maxBytes} bytes (ingest.bodyBytes): ${length}`;
    throw new TidewallError('limit_exceeded', message);
  }
  // Whoever only says that much comes must not be given the room for it.
  if (length > packed.length * MOST_RATIO) throw broken('it cannot be as long as it says');
  take(length);
  const unpacked = Buffer.allocUnsafe(length);
  let at = start;
  let end = 0;
  while (at < packed.length) {
    const tag = packed[at++] as number;
    let size: number;
    let offset: number;
    switch (tag & 3) {
      case 0: {
        size = tag >> 2;
        if (size >= 60) {
          const bytes = size - 59;
          size = littleEndian(packed, at, bytes);
          at += bytes;
        }
        size++;
        if (at + size > packed.length || end + size > length) throw broken('a literal is longer than what there is');
        copyLiteral(packed, at, unpacked, end, size);
        at += size;
        end += size;
        continue;
      }
      case 1:
        size = ((tag >> 2) & 7) + 4;
        offset = ((tag >> 5) << 8) | (packed[at++] ?? 0);
        break;
      case 2:
        size = (tag >> 2) + 1;
        offset = littleEndian(packed, at, 2);
        at += 2;
        break;
      default:
        size = (tag >> 2) + 1;
        offset = littleEndian(packed, at, 4);
        at += 4;
    }
    if (offset === 0 || offset > end || end + size > length) throw broken('a copy is of what is not there');
    // Byte by byte, since what is copied may be what is being written.
    for (let from = end - offset, until = end + size; end < until; ) unpacked[end++] = unpacked[from++] as number;
  }
  if (end !== length || at > packed.length) throw broken('it is shorter than it says');
  return unpacked;
}

function readLength(packed: Uint8Array): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let at = 0; at < MOST_LENGTH_BYTES; at++) {
    const byte = packed[at];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  throw broken('it has no length');
}

/** A number of so many bytes; where the bytes end, zeros follow. */
function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** A call costs more than a few bytes do. */
function copyLiteral(from: Uint8Array, at: number, to: Uint8Array, start: number, size: number): void {
  if (size > 64) to.set(from.subarray(at, at + size), start);
  else for (let i = 0; i < size; i++) to[start + i] = from[at + i] as number;
}

function broken(why: string): TidewallError {
  return new TidewallError('bad_request', `the body is not a block of snappy: ${why}`);
}
