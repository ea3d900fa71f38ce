import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { hostAndPort } from '../connect-socket.ts';
import { LinkedAbort } from '../linked-abort.ts';
import { reasonOf } from '../reason.ts';
import { ANSWER_MS, BrokerLink } from './broker-link.ts';
import { type BrokerPlace, type KafkaConfig, placeOf } from './config.ts';
import { isMoved, KAFKA_ERRORS, wordsOfKafkaError } from './error-words.ts';
import { type Layout, layoutOf, Moved, nameOf, offsetsOf, topicOf } from './layout.ts';
import { type KafkaRecord, recordBatches } from './record-batch.ts';
import {
  askFetch,
  askMetadata,
  askOffsets,
  EARLIEST,
  type FetchedPartition,
  LATEST,
  type Partition,
} from './requests.ts';

/*
 *   who leads what? ──▶ where does it begin? ──▶ read from each leader ──┐
 *        ▲                                                                │ one of them leads it no more, or there are
 *        └────────────────────────────────────────────────────────────────┘ other partitions
 *
 * Any other failure ends it. What has been read stays known by `places`, so that whoever reads again goes on there.
 */

/** A broker answers after this long when nothing is new. */
const WAIT_MS = 500;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PARTITION_BYTES = 1024 * 1024;
/** Who leads what is asked again so often: partitions may have come. */
const LAYOUT_MS = 300_000;
/** So often in a row who leads what may have changed before anything was read. */
const MOST_MOVES = 4;
const MOVE_MS = 500;

export interface LogReaderOptions {
  readonly config: KafkaConfig;
  readonly outgoing: Outgoing;
  /** Names of topics, each once. */
  readonly topics: readonly string[];
  readonly from: 'latest' | 'last' | 'earliest';
  /** What to read next of each partition, by `topic/number`. It is kept up to date while records are taken. */
  readonly places: Map<string, number>;
  /** Called when the reading begins, and whenever it goes on after others lead. */
  ready(): void;
  /** Resolves when the record is taken. */
  take(topic: string, record: KafkaRecord): Promise<void>;
  /** So many messages are gone that were not read. */
  missed(words: string): void;
  /** Lets time pass. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** Reads topics of Kafka without a group: as many may read as want to, and nothing is left at the brokers. */
export class LogReader {
  readonly #options: LogReaderOptions;
  #read = false;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** Reads until `signal` aborts. @throws TidewallError source_error; what the signal aborts with */
  async run(signal: AbortSignal): Promise<void> {
    let moves = 0;
    for (;;) {
      const layout = await this.#askLayout(signal);
      try {
        await this.#follow(layout, signal);
        return;
      } catch (failure) {
        if (!(failure instanceof Moved)) throw failure;
        moves = this.#read ? 0 : moves + 1;
        this.#read = false;
        if (moves > MOST_MOVES) throw new TidewallError('source_error', `Kafka cannot be read: ${failure.message}`);
        await this.#options.pause(MOVE_MS, signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Who leads what, as the first broker that answers knows it. It is left again: some end connections that are seldom used. */
  async #askLayout(signal: AbortSignal): Promise<Layout> {
    const { topics } = this.#options;
    const link = await this.#bootstrap(signal);
    try {
      return layoutOf(link, topics, await link.ask(askMetadata(topics, link.metadataVersion)));
    } finally {
      link.close();
    }
  }

  /** The first broker that answers. */
  async #bootstrap(signal: AbortSignal): Promise<BrokerLink> {
    const { config, outgoing } = this.#options;
    const failures: unknown[] = [];
    for (const text of config.brokers) {
      try {
        return await BrokerLink.open({ config, outgoing, signal, place: placeOf(text) as BrokerPlace });
      } catch (failure) {
        signal.throwIfAborted();
        failures.push(failure);
      }
    }
    throw failures[0];
  }

  /** Reads from all leaders until `signal` aborts, or the first of them fails. */
  async #follow(layout: Layout, signal: AbortSignal): Promise<void> {
    const within = new LinkedAbort(signal);
    const links: BrokerLink[] = [];
    try {
      for (const { place } of layout.values()) links.push(await this.#open(place, within.signal));
      const leaders = [...layout.values()].map(({ partitions }, index) => ({
        partitions,
        link: links[index] as BrokerLink,
      }));
      const known = new Set([...this.#options.places.keys()].map(topicOf));
      for (const { partitions, link } of leaders) await this.#begin(link, partitions, known);
      this.#options.ready();
      const ways = leaders.map(({ partitions, link }) => this.#readFrom(link, partitions, within.signal));
      ways.push(this.#watch(layout, within.signal));
      try {
        await Promise.all(ways);
      } finally {
        within.abort();
        await Promise.allSettled(ways);
      }
    } finally {
      within.letGo();
      for (const link of links) link.close();
    }
  }

  async #open(place: BrokerPlace, signal: AbortSignal): Promise<BrokerLink> {
    const { config, outgoing } = this.#options;
    try {
      return await BrokerLink.open({ config, outgoing, signal, place });
    } catch (failure) {
      signal.throwIfAborted();
      const { host, port } = place;
      const isNamed = config.brokers.some((text) => {
        const named = placeOf(text);
        return named?.host === host && named.port === port;
      });
      if (isNamed) throw failure;
      // The commonest mistake with Kafka: a broker tells a name that only its neighbours know.
      const hint = `brokers name it ${hostAndPort(host, port)} themselves (advertised.listeners)`;
      throw new TidewallError('source_error', `${reasonOf(failure)}; ${hint}`);
    }
  }

  /** Finds out where partitions begin that were not read before. Those that have come to a known topic are all news. */
  async #begin(link: BrokerLink, partitions: readonly Partition[], known: ReadonlySet<string>): Promise<void> {
    const { places, from } = this.#options;
    const unread = partitions.filter((partition) => !places.has(nameOf(partition)));
    if (unread.length === 0) return;
    const earliest = offsetsOf(link, await link.ask(askOffsets(unread, EARLIEST)));
    const latest = offsetsOf(link, await link.ask(askOffsets(unread, LATEST)));
    for (const partition of unread) {
      const name = nameOf(partition);
      const least = earliest.get(name) ?? 0;
      const end = latest.get(name) ?? least;
      const last = Math.max(least, end - 1);
      const start = known.has(partition.topic) ? 'earliest' : from;
      places.set(name, { earliest: least, last, latest: end }[start]);
    }
  }

  async #readFrom(link: BrokerLink, partitions: readonly Partition[], signal: AbortSignal): Promise<void> {
    const { places } = this.#options;
    // An answer has room for some of them alone: each is the first in its turn.
    let turn = 0;
    while (!signal.aborted) {
      const inTurn = [...partitions.slice(turn), ...partitions.slice(0, turn)];
      turn = (turn + 1) % partitions.length;
      const wanted = inTurn.map((partition) => ({ ...partition, offset: places.get(nameOf(partition)) ?? 0 }));
      const question = askFetch({
        partitions: wanted,
        ...{ waitMs: WAIT_MS, maxBytes: MAX_BYTES, maxPartitionBytes: MAX_PARTITION_BYTES },
      });
      for (const fetched of await link.ask(question, WAIT_MS + ANSWER_MS)) {
        if (signal.aborted) return;
        await this.#take(link, fetched, signal);
      }
    }
  }

  async #take(link: BrokerLink, fetched: FetchedPartition, signal: AbortSignal): Promise<void> {
    const { places, take, missed } = this.#options;
    const { topic, error } = fetched;
    const name = nameOf(fetched);
    if (error === KAFKA_ERRORS.offsetOutOfRange) return this.#goToEarliest(link, fetched);
    // Of a topic that was deleted, who asks who leads it hears so.
    const isOther = isMoved(error) || error === KAFKA_ERRORS.unknownTopic;
    if (isOther) throw new Moved(`${name}: ${wordsOfKafkaError(error)}`);
    if (error !== 0) throw link.failure(`cannot read ${name}`, wordsOfKafkaError(error));
    const from = places.get(name);
    // It answers for what was not asked.
    if (from === undefined) return;
    this.#read = true;
    for await (const { next, records: some } of batchesOf(link, fetched, from)) {
      for (const record of intactOf(some, (words) =>
        missed(`messages of ${name} before ${next} are damaged: ${words}`),
      )) {
        if (signal.aborted) return;
        await take(topic, record);
        places.set(name, record.offset + 1);
      }
      places.set(name, Math.max(places.get(name) ?? 0, next));
    }
  }

  /** What was read to is not kept any more, or the topic was made anew. */
  async #goToEarliest(link: BrokerLink, partition: Partition): Promise<void> {
    const { places, missed } = this.#options;
    const name = nameOf(partition);
    const offset = offsetsOf(link, await link.ask(askOffsets([partition], EARLIEST))).get(name) ?? 0;
    missed(`of ${name} nothing is kept at ${places.get(name)} any more; it is read from ${offset}`);
    places.set(name, offset);
  }

  /** Asks from time to time who leads what. */
  async #watch(layout: Layout, signal: AbortSignal): Promise<void> {
    const known = JSON.stringify([...layout]);
    while (!signal.aborted) {
      await this.#options.pause(LAYOUT_MS, signal);
      if (signal.aborted) return;
      if (JSON.stringify([...(await this.#askLayout(signal))]) !== known) throw new Moved('there are other partitions');
    }
  }
}

async function* batchesOf(link: BrokerLink, { records, aborted, ...partition }: FetchedPartition, from: number) {
  try {
    yield* recordBatches(records, from, aborted);
  } catch (failure) {
    if (!(failure instanceof RangeError)) throw failure;
    throw link.failure(`answers of ${nameOf(partition)} with what are no messages`, reasonOf(failure));
  }
}

/** Those before the first that is damaged. */
function* intactOf(records: Iterable<KafkaRecord>, missed: (words: string) => void): Generator<KafkaRecord, void> {
  const each = records[Symbol.iterator]();
  for (;;) {
    let step: IteratorResult<KafkaRecord>;
    try {
      step = each.next();
    } catch (failure) {
      if (!(failure instanceof RangeError)) throw failure;
      return missed(reasonOf(failure));
    }
    if (step.done) return;
    yield step.value;
  }
}
