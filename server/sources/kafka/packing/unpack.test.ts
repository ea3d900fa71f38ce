import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';
import { unpack } from './unpack.ts';

const MOST = 1_000_000;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** What the programs `lz4` and `zstd` have packed below. */
const TEXT = `${'pump hall yard '.repeat(9)}the end`;
const LZ4 = hex('04224d186440a71c000000ff0070756d702068616c6c2079617264200f00657074686520656e64000000007ad99e81');

describe('packed data', () => {
  test('as snappy has literals, and repeats what came before, also what is being written', () => {
    // "abcd", four bytes from four back twice as long as there is: abcdabcdabcd; then two bytes of a long literal.
    const block = hex('0e 0c 61626364 11 04 04 5859');
    expect(unpackSnappy(block, MOST).toString()).toBe('abcdabcdabcdXY');
    const framed = Buffer.concat([hex('82534e4150505900 00000001 00000001 0000000b'), block, hex('0000000b'), block]);
    expect(unpackSnappy(framed, MOST).toString()).toBe('abcdabcdabcdXYabcdabcdabcdXY');
  });

  test.each([
    ['lz4', 3, LZ4.toString('hex')],
    [
      'lz4 -BD -BX --content-size',
      3,
      '04224d187c408e00000000000000511c000000ff0070756d702068616c6c2079617264200f00657074686520656e64d317ac79000000007ad99e81',
    ],
    [
      'lz4 -9 --no-frame-crc',
      3,
      '04224d186040821c000000ff0070756d702068616c6c2079617264200f00657074686520656e6400000000',
    ],
    ['zstd -19', 4, '28b52ffd248eed0000b070756d702068616c6c20796172642074686520656e64010055d25907320c78aa'],
    ['zstd --no-check', 4, '28b52ffd0058ed0000b070756d702068616c6c20796172642074686520656e64010055d25907'],
  ])('by %s is what it was', async (_, codec, packed) => {
    expect((await unpack(codec, hex(packed), MOST)).toString()).toBe(TEXT);
  });

  test('of every way is refused when it has too much in it', async () => {
    const bomb = gzipSync(Buffer.alloc(2 * MOST));
    await expect(unpack(1, bomb, MOST)).rejects.toThrow();
    await expect(unpack(2, hex('80 89 7a 00 61'), MOST)).rejects.toThrow(/at most 1000000 are read/);
    expect(() => unpackLz4(Buffer.concat([hex('04224d18 68 40'), hex('00e1f505 00000000 00')]), MOST)).toThrow(
      /at most/,
    );
    // A window of 512 MiB in a frame of zstd.
    await expect(unpack(4, hex('28b52ffd 00 98 01 00 00'), MOST)).rejects.toThrow(/window of 536870912 bytes/);
    await expect(unpack(7, Buffer.alloc(1), MOST)).rejects.toThrow(/not known, number 7/);
  });

  test.each([0, 1, 2, 3, 4])('that is damaged ends in an error and nothing else (codec %i)', async (codec) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const heads = [
          hex(''),
          hex('1f8b0800'),
          hex('82534e4150505900 00000001 00000001'),
          LZ4.subarray(0, 7),
          hex('28b52ffd'),
        ];
        const packed = Buffer.concat([heads[codec] ?? hex(''), bytes]);
        const unpacked = await unpack(codec, packed, MOST).catch((failure: Error) => failure);
        if (!(unpacked instanceof Error)) expect(unpacked.length).toBeLessThanOrEqual(MOST);
      }),
      { numRuns: 500 },
    );
  });
});
