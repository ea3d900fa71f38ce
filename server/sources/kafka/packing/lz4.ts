import { Unpacked } from './unpacked.ts';

const MARK = 0x184d2204;
const HAS_BLOCK_CHECKSUM = 0x10;
const HAS_SIZE = 0x08;
const HAS_CHECKSUM = 0x04;
const HAS_DICTIONARY = 0x01;
const IS_PLAIN = 0x80000000;
/** A byte of a block unpacks to no more than so many. */
const MOST_OF_A_BYTE = 255;

/** @throws RangeError when it is damaged, or has more than `mostBytes` @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
export function unpackLz4(packed: Buffer, mostBytes: number): Buffer {
  if (packed.readUInt32LE(0) !== MARK) throw new RangeError('it is no frame of lz4');
  const flags = packed.readUInt8(4);
  if ((flags & HAS_DICTIONARY) !== 0) throw new RangeError('a frame of lz4 needs a dictionary');
  const hasSize = (flags & HAS_SIZE) !== 0;
  // Behind the flags, the largest block, perhaps the size, and a checksum of these.
  let at = 6 + (hasSize ? 8 : 0) + 1;
  const most = Math.min(mostBytes, packed.length * MOST_OF_A_BYTE);
  const unpacked = hasSize
    ? new Unpacked(Number(packed.readBigUInt64LE(6)), mostBytes)
    : new Unpacked(most, mostBytes, { atMost: true });
  for (;;) {
    const size = packed.readUInt32LE(at);
    at += 4;
    if (size === 0) break;
    const length = size & ~IS_PLAIN;
    if (at + length > packed.length) throw new RangeError('a block of lz4 is cut off');
    if (size >= IS_PLAIN) unpacked.append(packed, at, length);
    else unpackBlock(packed.subarray(at, at + length), unpacked);
    at += length + ((flags & HAS_BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
  if ((flags & HAS_CHECKSUM) !== 0 && at + 4 > packed.length) throw new RangeError('a frame of lz4 is cut off');
  return unpacked.finish();
}

function unpackBlock(block: Buffer, unpacked: Unpacked): void {
  let at = 0;
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let byte = 255; byte === 255; length += byte) byte = block.readUInt8(at++);
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthOf(token >> 4);
    unpacked.append(block, at, literals);
    at += literals;
    // The last sequence has nothing to repeat.
    if (at === block.length) return;
    const back = block.readUInt16LE(at);
    at += 2;
    unpacked.repeat(back, lengthOf(token & 15) + 4);
  }
}
