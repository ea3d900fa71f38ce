import type { BrokerPlace } from './config.ts';
import { isMoved, KAFKA_ERRORS, wordsOfKafkaError } from './error-words.ts';
import type { Asking, Metadata, OffsetAnswer, Partition } from './requests.ts';

/** What each leader has, by the number of the broker. */
export type Layout = ReadonlyMap<number, { readonly place: BrokerPlace; readonly partitions: readonly Partition[] }>;

/** Partitions that are read at once. */
const MOST_PARTITIONS = 10_000;

/** Who leads something has changed: that is to be asked again. */
export class Moved extends Error {}

/**
 * Where to read what.
 *
 * @param link who told it
 * @throws TidewallError source_error naming the topic that is not there, or may not be read
 */
export function layoutOf(link: Asking, topics: readonly string[], metadata: Metadata): Layout {
  const brokers = new Map(metadata.brokers.map(({ id, host, port }) => [id, { host, port }]));
  const layout = new Map<number, { place: BrokerPlace; partitions: Partition[] }>();
  const leaders = leadersOf(link, topics, metadata);
  if (leaders.length > MOST_PARTITIONS) {
    const why = `the topics have ${leaders.length} partitions; at most ${MOST_PARTITIONS} are read`;
    throw link.failure('cannot be read', why);
  }
  for (const { topic, partition, leader } of leaders) {
    const place = brokers.get(leader);
    if (place === undefined) throw link.failure(`cannot tell who leads ${topic}/${partition}`, wordsOfKafkaError(5));
    const led = layout.get(leader) ?? { place, partitions: [] };
    layout.set(leader, led);
    led.partitions.push({ topic, partition });
  }
  return layout;
}

function leadersOf(link: Asking, topics: readonly string[], metadata: Metadata): (Partition & { leader: number })[] {
  const leaders: (Partition & { leader: number })[] = [];
  for (const topic of topics) {
    const told = metadata.topics.find(({ name }) => name === topic);
    if (told === undefined || told.error !== 0) {
      throw link.failure(`cannot read the topic ${topic}`, wordsOfKafkaError(told?.error ?? KAFKA_ERRORS.unknownTopic));
    }
    for (const { partition, error, leader } of told.partitions) {
      // A copy that is away is none of our business.
      if (error !== 0 && leader < 0) throw link.failure(`cannot read ${topic}/${partition}`, wordsOfKafkaError(error));
      leaders.push({ topic, partition, leader });
    }
  }
  return leaders;
}

/** Offsets by the name of their partition. @throws Moved, and TidewallError source_error naming the partition */
export function offsetsOf(link: Asking, answers: readonly OffsetAnswer[]): Map<string, number> {
  return new Map(
    answers.map((answer) => {
      const { error, offset } = answer;
      const name = nameOf(answer);
      if (isMoved(error)) throw new Moved(`${name}: ${wordsOfKafkaError(error)}`);
      if (error !== 0) throw link.failure(`cannot read ${name}`, wordsOfKafkaError(error));
      return [name, offset];
    }),
  );
}

/** `orders/0`; a topic has no slash. */
export function nameOf({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}

export function topicOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}
