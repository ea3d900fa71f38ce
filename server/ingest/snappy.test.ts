import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packSnappy, varint } from './prometheus/encode.contract.ts';
import { unpackSnappy } from './snappy.ts';

const MOST = 1_000_000;
const unpack = (...bytes: (number | Uint8Array)[]) =>
  unpackSnappy(
    Buffer.concat(bytes.map((each) => (typeof each === 'number' ? Buffer.from([each]) : each))),
    MOST,
    () => {},
  ).toString('latin1');

const literal = (text: string) => Buffer.concat([Buffer.from([(text.length - 1) << 2]), Buffer.from(text)]);

test('literals of each length of their length, and copies of each kind', () => {
  expect(unpack(0)).toBe('');
  expect(unpack(3, literal('abc'))).toBe('abc');
  for (const bytes of [1, 2, 3, 4]) {
    const length = Buffer.alloc(bytes);
    length.writeUIntLE(99, 0, bytes);
    expect(unpack(100, (59 + bytes) << 2, length, Buffer.alloc(100, 'x'))).toBe('x'.repeat(100));
  }
  // One byte of offset: four to eleven bytes.
  expect(unpack(14, literal('abcd'), ((10 - 4) << 2) | 1, 4)).toBe('abcdabcdabcdab');
  // Two bytes, and four.
  expect(unpack(7, literal('abcd'), (2 << 2) | 2, 2, 0)).toBe('abcdcdc');
  expect(unpack(7, literal('abcd'), (2 << 2) | 3, 4, 0, 0, 0)).toBe('abcdabc');
  const far = 'y'.repeat(60).concat('z'.repeat(300));
  expect(unpack(varint(364), packed(far), 1, 0x68)).toHaveLength(364);
});

test.each<[string, (number | Uint8Array)[]]>([
  ['no length', []],
  ['a length that does not end', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ['less than it says', [9, literal('abc')]],
  ['more than it says', [2, literal('abc')]],
  ['a literal that is cut off', [3, 2 << 2, 0x61]],
  ['a length of a literal that is cut off', [99, 61 << 2, 0x01]],
  ['a copy of nothing', [4, 1, 0]],
  ['a copy of what is before the beginning', [8, literal('abcd'), 1, 9]],
  ['a copy that is longer than there is room', [6, literal('abcd'), 1, 4]],
  ['a copy whose offset is cut off', [8, literal('abcd'), (3 << 2) | 2]],
])('%s is refused', (_, bytes) => {
  expect(() => unpack(...bytes)).toThrowError(expect.objectContaining({ kind: 'bad_request' }));
});

test('what would be too large is refused before there is room for it', () => {
  const taken: number[] = [];
  const bomb = Buffer.concat([varint(2 ** 32 - 1), literal('abc')]);
  expect(() => unpackSnappy(bomb, MOST, (bytes) => taken.push(bytes))).toThrowError(
    expect.objectContaining({ kind: 'limit_exceeded' }),
  );
  expect(() => unpackSnappy(Buffer.concat([varint(MOST), literal('abc')]), MOST, (bytes) => taken.push(bytes))).toThrow(
    /cannot be as long/,
  );
  expect(taken).toEqual([]);
});

test('whatever bytes come, they are unpacked or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(300), (bytes, length) => {
      try {
        const unpacked = unpackSnappy(Buffer.concat([varint(length), bytes]), MOST, () => {});
        expect(unpacked).toHaveLength(length);
      } catch (failure) {
        expect(failure).toMatchObject({ kind: 'bad_request' });
      }
    }),
    { numRuns: 2000 },
  );
});

test('what was packed without copies comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200_000, size: 'max' }), (bytes) => {
      expect(unpackSnappy(packSnappy(bytes), MOST, () => {}).equals(bytes)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

function packed(text: string): Buffer {
  return Buffer.concat([Buffer.from([61 << 2, (text.length - 1) & 0xff, (text.length - 1) >> 8]), Buffer.from(text)]);
}
