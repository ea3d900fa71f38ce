import { Unpacked } from './unpacked.ts';

/** What Java's clients put around it: a mark, two versions, and blocks with their lengths. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEAD = 16;

/** @throws RangeError when it is damaged, or has more than `mostBytes` @see https://github.com/google/snappy/blob/main/format_description.txt */
export function unpackSnappy(packed: Buffer, mostBytes: number): Buffer {
  if (!packed.subarray(0, XERIAL.length).equals(XERIAL)) return unpackBlock(packed, mostBytes);
  const blocks: Buffer[] = [];
  let left = mostBytes;
  for (let at = XERIAL_HEAD; at < packed.length; ) {
    const length = packed.readUInt32BE(at);
    if (at + 4 + length > packed.length) throw new RangeError('a block of snappy is cut off');
    const block = unpackBlock(packed.subarray(at + 4, at + 4 + length), left);
    left -= block.length;
    blocks.push(block);
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

function unpackBlock(packed: Buffer, mostBytes: number): Buffer {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = packed.readUInt8(at++);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift >= 28) throw new RangeError('the length of snappy is no number');
  }
  const unpacked = new Unpacked(length, mostBytes);
  while (at < packed.length) {
    const tag = packed.readUInt8(at++);
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const more = short < 60 ? 0 : short - 59;
      const size = (more === 0 ? short : packed.readUIntLE(at, more)) + 1;
      at += more;
      unpacked.append(packed, at, size);
      at += size;
    } else if (kind === 1) {
      unpacked.repeat(((tag & 0xe0) << 3) | packed.readUInt8(at++), ((tag >> 2) & 7) + 4);
    } else {
      const bytes = kind === 2 ? 2 : 4;
      unpacked.repeat(packed.readUIntLE(at, bytes), (tag >> 2) + 1);
      at += bytes;
    }
  }
  return unpacked.finish();
}
