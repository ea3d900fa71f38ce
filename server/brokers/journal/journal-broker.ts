import { assert } from '@tidewall/base';
import type { Broker, LogFollower, Publication } from '@tidewall/contracts';
import { FolderLock, thisBoot } from '@tidewall/disk';
import { type Position, TidewallError, type TopicName } from '@tidewall/protocol';
import { newEpoch, placed } from '../kept-log.ts';
import { Journal, type JournalOwner } from './journal.ts';
import type { JournalOptions } from './journal-options.ts';
import { JournalTopic } from './journal-topic.ts';
import { readJournal } from './read-journal.ts';
import { baseLine, forgottenLine, publicationLine } from './records.ts';
import type { Replayed } from './replay.ts';
import { holds, readSeal } from './seal.ts';

/** Publications that were let go weigh at least this much before a new base is worth writing. */
const LEAST_LET_GO = 64 * 1024;

/** A publication that has its place, and who waits for it. */
interface Waiting {
  readonly topic: JournalTopic;
  readonly publication: Publication;
  resolve(position: Position): void;
  reject(failure: unknown): void;
}

/**
 * A broker for one process whose topics outlive it: what anybody was told of is there again after a restart, also after
 * `kill -9`, with the same epoch and offsets. Where that cannot be promised, the epoch is new.
 *
 * Followers are told, and `publish` resolves, when the publication is written. A disk that is full, broken or too slow
 * stops nobody: topics then go on in memory alone until it works again.
 *
 * @throws FolderTaken when another process uses the folder; JournalRefused when a newer version wrote it
 */
export async function openJournalBroker(options: JournalOptions): Promise<Broker> {
  const { folder, clock, log, random } = options;
  const began = clock.monotonic();
  const lock = await lockFolder(options);
  try {
    const [boot, seal, content] = await Promise.all([
      thisBoot(clock.now()),
      readSeal(folder),
      readJournal({ folder, clock, log, random }),
    ]);
    // A log that was closed has no torn end, unless somebody else has cut it.
    const whole = !(seal?.closed === true && content.cutBytes > 0);
    // Without the right to the folder nobody can be told, at the next start, what was published now.
    const trusted = lock instanceof FolderLock && whole && holds(seal, boot);
    const replayed = content.replay(trusted);
    const broker = new JournalBroker(replayed, random);
    const isNew = content.files.length === 0;
    const intact = trusted && content.damaged.size === 0 && replayed.renewed === 0 && replayed.lost === 0;
    broker.begin(await Journal.start(options, broker, content, intact, lock));
    const fields = { folder, topics: replayed.topics.size, tookMs: Math.round(clock.monotonic() - began) };
    if (replayed.lost > 0)
      log.error({ ...fields, lost: replayed.lost }, 'topics of which too much is missing start again empty');
    if (replayed.renewed > 0 && !isNew) {
      const message = 'the journal is open; topics of which the newest publication may be missing have a new epoch';
      log.warn({ ...fields, renewed: replayed.renewed }, message);
    } else log.info(fields, 'the journal is open');
    return broker;
  } catch (failure) {
    if (lock instanceof FolderLock) await lock.release();
    throw failure;
  }
}

/** The right to the folder; or why there can be none now, when that is the disk's fault and may pass. */
async function lockFolder({ folder, clock, log }: JournalOptions): Promise<FolderLock | Error> {
  try {
    return await FolderLock.acquire({ folder, clock, log });
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' || code === 'EIO') return failure as Error;
    throw failure;
  }
}

class JournalBroker implements Broker, JournalOwner<Waiting> {
  readonly #topics: Map<TopicName, JournalTopic>;
  readonly #random: () => number;
  #journal: Journal<Waiting> | undefined;
  #nextId: number;
  #closed = false;

  constructor({ topics, nextId }: Replayed, random: () => number) {
    this.#topics = new Map(topics);
    this.#nextId = nextId;
    this.#random = random;
  }

  begin(journal: Journal<Waiting>): void {
    this.#journal = journal;
  }

  *kept(): Iterable<{ topic: TopicName; about: string }> {
    for (const { name, about, follower, head } of this.#topics.values()) {
      if (!follower && head > 0) yield { topic: name, about };
    }
  }

  publish(name: TopicName, draft: Parameters<Broker['publish']>[1]): Promise<Position> {
    if (this.#closed) return Promise.reject(new TidewallError('busy', 'the server stops'));
    // In a line of its own, data could say anything in the journal's name.
    if (draft.json.includes('\n')) return Promise.reject(new TypeError('the data must be on one line'));
    const topic = this.#topicOf(name);
    if (topic.follower) {
      topic.retain = topic.follower.retain;
      topic.keep = topic.follower.keep;
    }
    const publication = placed(draft, topic.assigned + 1);
    const lines = this.#linesBefore(topic);
    topic.assigned++;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { topic, publication, resolve, reject };
      if (topic.recorded !== undefined) {
        this.#writer.append(lines + publicationLine(topic.id, publication), waiting);
      } else if (lines === '' && topic.head === publication.offset - 1) this.settle(waiting);
      else this.#writer.append(lines, waiting);
    });
  }

  async follow(name: TopicName, follower: LogFollower): Promise<JournalTopic> {
    const topic = this.#topicOf(name);
    topic.follow(follower);
    topic.told = false;
    topic.retain = follower.retain;
    topic.checkedKeep = undefined;
    const lines = topic.assigned > 0 ? this.#linesBefore(topic) : '';
    if (lines !== '') this.#writer.append(lines);
    return topic;
  }

  unfollow(name: TopicName): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    topic.leave();
    // A name that was only looked at must not stay for ever.
    if (topic.assigned === 0) this.#topics.delete(name);
  }

  forget(name: TopicName): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    this.#topics.delete(name);
    topic.follower = undefined;
    topic.forgotten = true;
    if (topic.recorded !== undefined) this.#writer.append(forgottenLine(topic.id));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.close();
  }

  *topics(): Iterable<JournalTopic> {
    for (const topic of this.#topics.values()) if (topic.retain && topic.head > 0) yield topic;
  }

  settle({ topic, publication, resolve, reject }: Waiting): void {
    try {
      const letGo = topic.append(publication);
      if (topic.follower) {
        topic.follower.received(publication);
        topic.told = true;
      }
      if (letGo > 0 && topic.recorded !== undefined) this.#cover(topic, letGo);
      resolve({ epoch: topic.epoch, offset: publication.offset });
    } catch (failure) {
      reject(failure);
    }
  }

  get #writer(): Journal<Waiting> {
    assert(this.#journal, 'the journal is open');
    return this.#journal;
  }

  #topicOf(name: TopicName): JournalTopic {
    let topic = this.#topics.get(name);
    if (!topic) {
      topic = new JournalTopic(this.#nextId++, name, newEpoch(this.#random));
      this.#topics.set(name, topic);
    }
    return topic;
  }

  /** Lines that must precede the next publication of a topic, so that the files say of it what is so now. */
  #linesBefore(topic: JournalTopic): string {
    const { id, recorded, keep } = topic;
    if (!topic.retain) {
      topic.recorded = undefined;
      return recorded === undefined ? '' : forgottenLine(id);
    }
    // Nearly always nothing has changed, and this is asked for each publication.
    if (recorded !== undefined && topic.checkedKeep === keep && topic.checkedBaseless === topic.baseless) return '';
    topic.checkedKeep = keep;
    topic.checkedBaseless = topic.baseless;
    const { record } = topic;
    if (record === recorded) return '';
    topic.recorded = record;
    if (recorded !== undefined || topic.assigned === 0) return record;
    // The files have nothing of it: everything that has its place, told or not.
    const base = topic.isWhole ? undefined : topic.baseNow();
    let lines = record;
    if (base) lines += baseLine(id, base);
    for (let offset = topic.first; offset <= topic.head; offset++) {
      const publication = topic.at(offset);
      if (publication) lines += publicationLine(id, publication);
    }
    for (const waiting of this.#writer.waiting) {
      if (waiting.topic === topic) lines += publicationLine(id, waiting.publication);
    }
    return lines;
  }

  /** Sees to it that the files can tell what a topic holds from not much more than what is kept of it. */
  #cover(topic: JournalTopic, letGo: number): void {
    if (topic.baseless === true) return;
    topic.letGo += letGo;
    if (topic.baseless === false && topic.letGo < Math.max(LEAST_LET_GO, topic.baseSize)) return;
    const base = topic.baseNow();
    if (!base || base.offset !== topic.head) return;
    topic.baseSize = base.json.length;
    topic.letGo = 0;
    this.#writer.append(baseLine(topic.id, base));
  }
}
