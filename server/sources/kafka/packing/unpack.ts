import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';
import { unpackZstd } from './zstd.ts';

/** What is shorter is unpacked at once. */
const LONG_BYTES = 8 * 1024;
const unzip = promisify(gunzip);

/**
 * The records of a batch as they were before its producer packed them.
 *
 * @param codec its number in the attributes of the batch; 0: they are not packed
 * @throws Error when they are damaged, or have more than `mostBytes`
 */
export async function unpack(codec: number, packed: Buffer, mostBytes: number): Promise<Buffer> {
  if (codec === 0) return packed;
  // It takes milliseconds, in which nothing else is done: everybody else has a turn before.
  if (packed.length > LONG_BYTES) await setImmediate();
  switch (codec) {
    case 1:
      return unzip(packed, { maxOutputLength: mostBytes });
    case 2:
      return unpackSnappy(packed, mostBytes);
    case 3:
      return unpackLz4(packed, mostBytes);
    case 4:
      return unpackZstd(packed, mostBytes);
    default:
      throw new RangeError(`it is packed in a way that is not known, number ${codec}`);
  }
}
