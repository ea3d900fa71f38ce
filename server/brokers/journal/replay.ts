import type { Base, Publication } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { newEpoch } from '../kept-log.ts';
import { JournalTopic } from './journal-topic.ts';
import { FORMAT_VERSION, type RecordReader, type TopicRecord, topicLine } from './records.ts';

/** The journal is of a kind that this version cannot continue; the message says what to do. */
export class JournalRefused extends Error {
  override readonly name = 'JournalRefused';
}

/** A topic while the files are read. */
interface Reading {
  readonly topic: JournalTopic;
  /** The frame that began it, and the newest that had a publication of it. */
  readonly begunIn: number;
  lastIn: number;
  /** A publication is missing that the held value depends on: what follows does not count, until a base does. */
  broken: boolean;
}

/** What the records of all files come to, read in order. */
export interface Replayed {
  readonly topics: ReadonlyMap<TopicName, JournalTopic>;
  /** No topic had this number yet. */
  readonly nextId: number;
  /** Topics of which so much is missing that they start again. */
  readonly lost: number;
  /** Topics with a new epoch, since it is not sure that their newest publication is there. */
  readonly renewed: number;
}

/**
 * Puts topics together from records. A publication that is there twice counts once. Where damage has made a hole, what
 * a topic holds is never made from both sides of it.
 */
export class Replay implements RecordReader {
  readonly #topics = new Map<number, Reading>();
  readonly #unknown = new Set<number>();
  readonly #random: () => number;
  #frame = 0;
  #damagedAt = -1;
  #nextId = 1;
  #ended = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the end of a checkpoint was read since the last time it was asked. */
  takeEnd(): boolean {
    const ended = this.#ended;
    this.#ended = false;
    return ended;
  }

  /** What is read from now on is another frame. */
  nextFrame(): void {
    this.#frame++;
  }

  /** Something is missing here. */
  damaged(): void {
    this.#damagedAt = this.#frame;
    this.#frame++;
  }

  version(version: number): void {
    if (version <= FORMAT_VERSION) return;
    throw new JournalRefused(
      `the journal has format ${version}, of a newer version of this program, which knows ${FORMAT_VERSION}: ` +
        'start that version, or give this one a data folder of its own (--data-dir)',
    );
  }

  topic(record: TopicRecord): void {
    this.#nextId = Math.max(this.#nextId, record.id + 1);
    let reading = this.#topics.get(record.id);
    if (!reading) {
      const topic = new JournalTopic(record.id, record.topic, record.epoch);
      reading = { topic, begunIn: this.#frame, lastIn: this.#frame, broken: false };
      this.#topics.set(record.id, reading);
    }
    const { topic } = reading;
    topic.about = record.about;
    topic.keep = record.keep;
    topic.baseless = record.baseless;
    topic.recorded = topicLine(record);
  }

  publication(id: number, publication: Publication): void {
    const reading = this.#topics.get(id);
    if (!reading) {
      this.#unknown.add(id);
      return;
    }
    reading.lastIn = this.#frame;
    const { topic } = reading;
    const { offset } = publication;
    if (reading.broken || offset <= topic.head) return;
    if (offset > topic.head + 1) {
      // A checkpoint rightly begins with what was kept. Anywhere else, something is missing.
      const begins = topic.head === 0 && this.#damagedAt < reading.begunIn;
      const spared = topic.baseless === true || (topic.base !== undefined && topic.base.offset >= offset - 1);
      reading.broken = !begins && !spared;
      if (reading.broken) return;
      topic.restart(offset);
    }
    // What the base does not cover must stay until there is somebody who can be asked for another base.
    topic.append(publication, topic.baseless === true ? undefined : (topic.base?.offset ?? 0));
  }

  base(id: number, base: Base): void {
    const reading = this.#topics.get(id);
    if (!reading) {
      this.#unknown.add(id);
      return;
    }
    const { topic } = reading;
    if (topic.base !== undefined && topic.base.offset > base.offset) return;
    topic.base = base;
    topic.baseSize = base.json.length;
    if (topic.head > 0 && (reading.broken || base.offset > topic.head)) topic.restart(base.offset + 1);
    reading.broken = false;
  }

  forgotten(id: number): void {
    this.#nextId = Math.max(this.#nextId, id + 1);
    this.#topics.delete(id);
    this.#unknown.delete(id);
  }

  end(): void {
    this.#ended = true;
  }

  /** @param trusted whether the files have all that anybody was told of; if not, every topic gets a new epoch */
  finish(trusted: boolean): Replayed {
    const topics = new Map<TopicName, JournalTopic>();
    let lost = this.#unknown.size;
    let renewed = 0;
    for (const { topic, lastIn, broken } of this.#topics.values()) {
      if (topic.head === 0 && topic.base !== undefined) topic.restart(topic.base.offset + 1);
      if (topic.head === 0) {
        if (broken) lost++;
        continue;
      }
      if (broken || lastIn < this.#damagedAt || !trusted) {
        topic.epoch = newEpoch(this.#random);
        topic.recorded = topic.record;
        renewed++;
      }
      topic.assigned = topic.head;
      topics.set(topic.name, topic);
    }
    return { topics, nextId: this.#nextId, lost, renewed };
  }
}
