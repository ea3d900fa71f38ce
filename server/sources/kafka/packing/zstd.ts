import { Decompress } from 'fzstd';

const MARK = 0xfd2fb528;
/** More is asked for by no producer's level; it would be taken at once, whatever is in it. */
const MOST_WINDOW_BYTES = 32 * 1024 * 1024;

/** @throws Error when it is damaged, or has more than `mostBytes` @see RFC 8878 */
export function unpackZstd(packed: Buffer, mostBytes: number): Buffer {
  const window = windowOf(packed);
  if (window > MOST_WINDOW_BYTES)
    throw new RangeError(`zstd needs a window of ${window} bytes; at most ${MOST_WINDOW_BYTES} are given`);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((piece) => {
    length += piece.length;
    if (length > mostBytes) throw new RangeError(`unpacked it has more than ${mostBytes} bytes`);
    pieces.push(piece);
  });
  stream.push(packed, true);
  return Buffer.concat(pieces);
}

/** What a frame keeps of what came before: its own size where it is a single segment. */
function windowOf(packed: Buffer): number {
  if (packed.readUInt32LE(0) !== MARK) throw new RangeError('it is no frame of zstd');
  const flags = packed.readUInt8(4);
  const isSingle = (flags & 0x20) !== 0;
  if (!isSingle) {
    const descriptor = packed.readUInt8(5);
    const base = 2 ** (10 + (descriptor >> 3));
    return base + (base / 8) * (descriptor & 7);
  }
  const at = 5 + ([0, 1, 2, 4][flags & 3] ?? 0);
  switch (flags >> 6) {
    case 0:
      return packed.readUInt8(at);
    case 1:
      return packed.readUInt16LE(at) + 256;
    case 2:
      return packed.readUInt32LE(at);
    default:
      return Number(packed.readBigUInt64LE(at));
  }
}
