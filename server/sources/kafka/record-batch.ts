import { reasonOf } from '../reason.ts';
import { ByteReader } from './byte-reader.ts';
import { unpack } from './packing/unpack.ts';

/** Unpacked; a producer's batch has 1 MB before it is packed, unless it was told otherwise. */
export const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Before its length: the first offset, and the length itself. */
const HEAD_BYTES = 12;
const MAGIC = 2;
const MAGIC_AT = 16;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;

export interface KafkaRecord {
  readonly offset: number;
  /** When its producer made it, or the broker got it, ms since 1970. */
  readonly at: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** A transaction that was given up, of which nothing counts from there on. */
export interface AbortedTransaction {
  readonly producer: number;
  readonly from: number;
}

/** Some messages that were written together, of which reading may find that the rest is damaged: then it throws a RangeError. */
export interface RecordBatch {
  /** What to read on from when its records are read. */
  readonly next: number;
  readonly records: Iterable<KafkaRecord>;
}

/**
 * The batches that a broker has answered with, in order; what is cut off at the end is left out. Records before `from`, of
 * transactions that were given up, and what only brokers write are left out too.
 *
 * @throws RangeError when that are no batches
 */
export async function* recordBatches(
  bytes: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[],
): AsyncGenerator<RecordBatch, void> {
  const ahead = aborted.toSorted((a, b) => a.from - b.from);
  const givenUp = new Set<number>();
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const length = bytes.readInt32BE(at + 8);
    if (length < 0) throw new RangeError('a batch has less than no bytes');
    const end = at + HEAD_BYTES + length;
    if (end > bytes.length) return;
    const whole = bytes.subarray(at, end);
    at = end;
    const magic = whole.length > MAGIC_AT ? whole.readInt8(MAGIC_AT) : 0;
    if (magic !== MAGIC) {
      yield damaged(
        bytes.readBigInt64BE(at - whole.length),
        `it is in a format from before Kafka 0.11, number ${magic}`,
      );
      continue;
    }
    const batch = headOf(whole);
    while (ahead[0] !== undefined && ahead[0].from <= batch.last) {
      givenUp.add((ahead.shift() as AbortedTransaction).producer);
    }
    const next = batch.last + 1;
    if (batch.isControl) {
      // What ends a transaction has one record, whose key says how.
      for (const { key } of await recordsOf(batch, 0)) {
        if (key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT) givenUp.delete(batch.producer);
      }
      yield { next, records: [] };
    } else if (batch.isTransactional && givenUp.has(batch.producer)) yield { next, records: [] };
    else yield { next, records: await recordsOf(batch, from) };
  }
}

/** Of one message of an old format, or of several that have the offset of the last of them. */
function damaged(offset: bigint, words: string): RecordBatch {
  return { next: Number(offset) + 1, records: failing(words) };
}

// biome-ignore lint/correctness/useYield: reading it fails
function* failing(words: string): Generator<KafkaRecord, void> {
  throw new RangeError(words);
}

interface BatchHead {
  readonly first: number;
  readonly last: number;
  readonly codec: number;
  readonly firstAt: number;
  /** The time of all records, where the broker's counts. */
  readonly brokerAt: number | undefined;
  readonly producer: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly count: number;
  readonly packed: Buffer;
}

function headOf(bytes: Buffer): BatchHead {
  const reader = new ByteReader(bytes);
  const first = reader.int64();
  // Its length, the epoch of its leader, its format, and a checksum: TCP has one of its own.
  reader.take(4 + 4 + 1 + 4);
  const attributes = reader.int16();
  const last = first + reader.int32();
  const firstAt = reader.int64();
  const lastAt = reader.int64();
  const producer = reader.int64();
  reader.take(2 + 4);
  const count = reader.int32();
  if (last < first) throw new RangeError('a batch ends before it begins');
  return {
    ...{ first, last, firstAt, producer, count },
    codec: attributes & 7,
    brokerAt: (attributes & LOG_APPEND_TIME) === 0 ? undefined : lastAt,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    packed: reader.take(reader.left),
  };
}

async function recordsOf(batch: BatchHead, from: number): Promise<Iterable<KafkaRecord>> {
  try {
    return readRecords(batch, from, await unpack(batch.codec, batch.packed, MAX_BATCH_BYTES));
  } catch (failure) {
    return failing(reasonOf(failure));
  }
}

function* readRecords(
  { first, firstAt, brokerAt, count }: BatchHead,
  from: number,
  bytes: Buffer,
): Generator<KafkaRecord, void> {
  const reader = new ByteReader(bytes);
  for (let index = 0; index < count; index++) {
    const record = new ByteReader(reader.take(reader.varint()));
    record.int8();
    const at = brokerAt ?? firstAt + record.varint();
    if (brokerAt !== undefined) record.varint();
    const offset = first + record.varint();
    const key = record.varbytes();
    const value = record.varbytes();
    if (offset >= from) yield { offset, at, key, value };
  }
}
