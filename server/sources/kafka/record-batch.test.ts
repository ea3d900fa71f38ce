import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from './byte-writer.ts';
import { type AbortedTransaction, recordBatches } from './record-batch.ts';

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}

function recordOf(offset: number, value: string | null, key: string | null, later: number): Buffer {
  const part = (text: string | null) => (text === null ? [varint(-1)] : [varint(text.length), Buffer.from(text)]);
  const body = Buffer.concat([
    Buffer.from([0]),
    ...[varint(later), varint(offset), ...part(key), ...part(value)],
    // One header, which nobody looks at.
    ...[varint(1), varint(1), Buffer.from('h'), varint(-1)],
  ]);
  return Buffer.concat([varint(body.length), body]);
}

interface BatchOptions {
  readonly first: number;
  readonly values: readonly (string | null)[];
  readonly attributes?: number;
  readonly producer?: number;
  readonly magic?: number;
  readonly key?: string | null;
  readonly count?: number;
}

function batchOf({ first, values, attributes = 0, producer = -1, magic = 2, key = null, count }: BatchOptions): Buffer {
  const records = Buffer.concat(values.map((value, index) => recordOf(index, value, key, index * 10)));
  const body = new ByteWriter()
    .int32(0)
    .int8(magic)
    .int32(0)
    .int16(attributes)
    .int32(values.length - 1)
    .int64(1_700_000_000_000)
    .int64(1_700_000_009_000)
    .int64(producer)
    .int16(0)
    .int32(0)
    .int32(count ?? values.length)
    .raw((attributes & 7) === 1 ? gzipSync(records) : records)
    .finish();
  return new ByteWriter().int64(first).int32(body.length).raw(body).finish();
}

async function read(bytes: Buffer, from = 0, aborted: readonly AbortedTransaction[] = []) {
  const told: unknown[] = [];
  for await (const { next, records } of recordBatches(bytes, from, aborted)) {
    try {
      for (const { offset, at, key, value } of records)
        told.push([offset, at - 1_700_000_000_000, key?.toString(), value?.toString()]);
    } catch (failure) {
      told.push((failure as Error).message);
    }
    told.push(`next ${next}`);
  }
  return told;
}

const control = (first: number, producer: number, type: number) =>
  batchOf({ first, producer, attributes: 0x30, values: ['x'], key: String.fromCharCode(0, 0, 0, type) });

describe('batches of records', () => {
  test('are read from an offset on, packed or not', async () => {
    const bytes = Buffer.concat([
      batchOf({ first: 5, values: ['a', 'b', null], key: 'k' }),
      batchOf({ first: 8, values: ['c', 'd'], attributes: 1 }),
    ]);
    expect(await read(bytes, 6)).toEqual([
      [6, 10, 'k', 'b'],
      [7, 20, 'k', undefined],
      'next 8',
      [8, 0, undefined, 'c'],
      [9, 10, undefined, 'd'],
      'next 10',
    ]);
  });

  test('have the time of their broker where that counts', async () => {
    expect(await read(batchOf({ first: 0, values: ['a', 'b'], attributes: 8 }))).toEqual([
      [0, 9_000, undefined, 'a'],
      [1, 9_000, undefined, 'b'],
      'next 2',
    ]);
  });

  test('that are cut off at the end are left for the next answer', async () => {
    const whole = batchOf({ first: 0, values: ['a'] });
    for (let length = 0; length < whole.length; length++) expect(await read(whole.subarray(0, length))).toEqual([]);
    expect(await read(Buffer.concat([whole, whole.subarray(0, 20)]))).toHaveLength(2);
  });

  test('of transactions count when they were carried out', async () => {
    const bytes = Buffer.concat([
      batchOf({ first: 0, values: ['lost'], attributes: 0x10, producer: 7 }),
      batchOf({ first: 1, values: ['kept'], attributes: 0x10, producer: 8 }),
      control(2, 7, 0),
      batchOf({ first: 3, values: ['kept too'], attributes: 0x10, producer: 7 }),
      control(4, 8, 1),
    ]);
    const told = await read(bytes, 0, [{ producer: 7, from: 0 }]);
    expect(told.flatMap((each) => (Array.isArray(each) ? [each[3]] : []))).toEqual(['kept', 'kept too']);
    expect(told.at(-1)).toBe('next 5');
  });

  test('that are damaged or too old are passed over, and the others are read', async () => {
    const bytes = Buffer.concat([
      batchOf({ first: 0, values: ['old'], magic: 1 }),
      batchOf({ first: 1, values: ['a', 'b'], count: 3 }),
      batchOf({ first: 3, values: ['c'] }),
    ]);
    expect(await read(bytes)).toEqual([
      'it is in a format from before Kafka 0.11, number 1',
      'next 1',
      [1, 0, undefined, 'a'],
      [2, 10, undefined, 'b'],
      expect.stringContaining('bytes are due where'),
      'next 3',
      [3, 0, undefined, 'c'],
      'next 4',
    ]);
  });
});
