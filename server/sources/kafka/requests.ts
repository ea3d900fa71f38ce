import type { TidewallError } from '@tidewall/protocol';
import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { AbortedTransaction } from './record-batch.ts';

/*
 * The six questions that a reader asks, in versions that brokers from 0.11 to 4 know
 * (https://kafka.apache.org/protocol#protocol_messages).
 */

const EVERY_REPLICA = -1;
const READ_COMMITTED = 1;

/** A question, and how its answer is read. */
export interface Question<Answer> {
  readonly api: number;
  readonly version: number;
  readonly body: Buffer;
  read(answer: ByteReader): Answer;
}

/** Who may be asked. */
export interface Asking {
  ask<Answer>(question: Question<Answer>): Promise<Answer>;
  /** A sentence that names who was asked. */
  failure(what: string, why: string): TidewallError;
}

/** The versions that a broker knows, by api. */
export type Versions = ReadonlyMap<number, { readonly least: number; readonly most: number }>;

export const API = { fetch: 1, listOffsets: 2, metadata: 3, saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 };

export function askVersions(): Question<{ readonly error: number; readonly versions: Versions }> {
  return {
    api: API.apiVersions,
    version: 0,
    body: Buffer.alloc(0),
    read: (answer) => {
      const error = answer.int16();
      const known = answer.array(() => [answer.int16(), { least: answer.int16(), most: answer.int16() }] as const);
      return { error, versions: new Map(known) };
    },
  };
}

export function askHandshake(
  mechanism: string,
): Question<{ readonly error: number; readonly mechanisms: readonly string[] }> {
  return {
    api: API.saslHandshake,
    version: 1,
    body: new ByteWriter().string(mechanism).finish(),
    read: (answer) => ({ error: answer.int16(), mechanisms: answer.array(() => answer.string() ?? '') }),
  };
}

export function askAuthenticate(
  said: string,
): Question<{ readonly error: number; readonly words: string; readonly said: string }> {
  return {
    api: API.saslAuthenticate,
    version: 0,
    body: new ByteWriter().bytes(Buffer.from(said)).finish(),
    read: (answer) => ({
      error: answer.int16(),
      words: answer.string() ?? '',
      said: (answer.bytes() ?? Buffer.alloc(0)).toString('utf8'),
    }),
  };
}

export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionLeader {
  readonly partition: number;
  readonly error: number;
  readonly leader: number;
}

export interface Metadata {
  readonly brokers: readonly Broker[];
  readonly topics: readonly {
    readonly error: number;
    readonly name: string;
    readonly partitions: readonly PartitionLeader[];
  }[];
}

/** Who leads what. From version 4 on it can be said that a topic that is not there must not be made. @param version 1 to 4 */
export function askMetadata(topics: readonly string[], version: number): Question<Metadata> {
  const body = new ByteWriter();
  body.array(topics, (topic) => body.string(topic));
  if (version >= 4) body.int8(0);
  return {
    api: API.metadata,
    version,
    body: body.finish(),
    read: (answer) => {
      if (version >= 3) answer.int32();
      const brokers = answer.array(() => {
        const broker = { id: answer.int32(), host: answer.string() ?? '', port: answer.int32() };
        answer.string();
        return broker;
      });
      if (version >= 2) answer.string();
      answer.int32();
      const all = answer.array(() => {
        const error = answer.int16();
        const name = answer.string() ?? '';
        answer.int8();
        const partitions = answer.array(() => {
          const leader = { error: answer.int16(), partition: answer.int32(), leader: answer.int32() };
          for (let list = 0; list < 2; list++) answer.array(() => answer.int32());
          return leader;
        });
        return { error, name, partitions };
      });
      return { brokers, topics: all };
    },
  };
}

/** One partition of one topic. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export const LATEST = -1;
export const EARLIEST = -2;

export interface OffsetAnswer extends Partition {
  readonly error: number;
  readonly offset: number;
}

/** Where partitions begin (`EARLIEST`) or end (`LATEST`). */
export function askOffsets(
  partitions: readonly Partition[],
  time: typeof LATEST | typeof EARLIEST,
): Question<readonly OffsetAnswer[]> {
  const body = new ByteWriter().int32(EVERY_REPLICA);
  writeByTopic(body, partitions, ({ partition }) => body.int32(partition).int64(time));
  return {
    api: API.listOffsets,
    version: 1,
    body: body.finish(),
    read: (answer) =>
      readByTopic(answer, (topic) => {
        const told = { topic, partition: answer.int32(), error: answer.int16() };
        answer.int64();
        return { ...told, offset: answer.int64() };
      }),
  };
}

export interface FetchedPartition extends Partition {
  readonly error: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

export interface FetchOptions {
  readonly partitions: readonly (Partition & { readonly offset: number })[];
  /** How long it may take when nothing is new. */
  readonly waitMs: number;
  /** Of the answer, and of each partition; of one batch it may be more. */
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

/** What is there from an offset on; of transactions only those that were carried out. */
export function askFetch({
  partitions,
  waitMs,
  maxBytes,
  maxPartitionBytes,
}: FetchOptions): Question<readonly FetchedPartition[]> {
  const body = new ByteWriter().int32(EVERY_REPLICA).int32(waitMs).int32(1).int32(maxBytes).int8(READ_COMMITTED);
  writeByTopic(body, partitions, ({ partition, offset }) => {
    body.int32(partition).int64(offset).int32(maxPartitionBytes);
  });
  return {
    api: API.fetch,
    version: 4,
    body: body.finish(),
    read: (answer) => {
      answer.int32();
      return readByTopic(answer, (topic) => {
        const told = { topic, partition: answer.int32(), error: answer.int16() };
        answer.take(8 + 8);
        const aborted = answer.array(() => ({ producer: answer.int64(), from: answer.int64() }));
        return { ...told, aborted, records: answer.bytes() ?? Buffer.alloc(0) };
      });
    },
  };
}

function writeByTopic<Item extends Partition>(
  body: ByteWriter,
  items: readonly Item[],
  write: (item: Item) => void,
): void {
  const byTopic = new Map<string, Item[]>();
  for (const item of items) byTopic.set(item.topic, [...(byTopic.get(item.topic) ?? []), item]);
  body.array([...byTopic], ([topic, partitions]) => body.string(topic).array(partitions, write));
}

function readByTopic<Item>(answer: ByteReader, read: (topic: string) => Item): Item[] {
  return answer
    .array(() => {
      const topic = answer.string() ?? '';
      return answer.array(() => read(topic));
    })
    .flat();
}
