/** A message of protobuf as its fields: numbers, and what they hold. */
export type Fields = readonly (readonly [
  field: number,
  value: Uint8Array | number | bigint | { readonly double: Uint8Array },
])[];

/** The bytes of a message. */
export function encodeMessage(fields: Fields): Buffer {
  return Buffer.concat(
    fields.map(([field, value]) => {
      if (value instanceof Uint8Array) return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
      if (typeof value === 'object') return Buffer.concat([varint(field * 8 + 1), value.double]);
      return Buffer.concat([varint(field * 8), varint(value)]);
    }),
  );
}

export function varint(value: number | bigint): Buffer {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Buffer.from(bytes);
}

export function double(value: number): { readonly double: Uint8Array } {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return { double: bytes };
}

/** The NaN that says that a series has ended. */
export const STALE = { double: Buffer.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]) };

export type LabelPair = readonly [name: string, value: string];
export type SamplePair = readonly [value: number | { readonly double: Uint8Array }, t: number];

/** One `TimeSeries` of a `WriteRequest`. */
export function timeSeries(labels: readonly LabelPair[], samples: readonly SamplePair[], more: Fields = []): Buffer {
  return encodeMessage([
    ...labels.map(
      ([name, value]) =>
        [
          1,
          encodeMessage([
            [1, Buffer.from(name)],
            [2, Buffer.from(value)],
          ]),
        ] as const,
    ),
    ...samples.map(
      ([value, t]) =>
        [
          2,
          encodeMessage([
            [1, typeof value === 'number' ? double(value) : value],
            [2, BigInt(t)],
          ]),
        ] as const,
    ),
    ...more,
  ]);
}

export function writeRequest(series: readonly Uint8Array[], more: Fields = []): Buffer {
  return encodeMessage([...series.map((each) => [1, each] as const), ...more]);
}

/** A block of snappy that copies nothing. */
export function packSnappy(bytes: Uint8Array): Buffer {
  const pieces: Buffer[] = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const piece = bytes.subarray(at, at + 65_536);
    pieces.push(Buffer.from([61 << 2, (piece.length - 1) & 0xff, (piece.length - 1) >> 8]), Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}
