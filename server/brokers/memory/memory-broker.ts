import { assert, Ring } from '@tidewall/base';
import type { Base, Broker, Draft, LogFollower, Publication, TopicLog } from '@tidewall/contracts';
import type { Position, TopicName } from '@tidewall/protocol';

export interface MemoryBrokerOptions {
  /** A number in [0, 1); epochs are made of it. */
  random(): number;
}

/**
 * A broker for one process: positions and kept publications live and die with it, so every topic has a new epoch after
 * a restart. Publishing tells the follower before it returns, so that one process adds no delay.
 */
export function createMemoryBroker(options: MemoryBrokerOptions): Broker {
  const logs = new Map<TopicName, MemoryLog>();

  function logOf(topic: TopicName): MemoryLog {
    let log = logs.get(topic);
    if (!log) {
      log = new MemoryLog(newEpoch(options.random));
      logs.set(topic, log);
    }
    return log;
  }

  return {
    *kept() {
      for (const [topic, log] of logs) if (!log.follower && log.head > 0) yield { topic, about: log.about };
    },
    async publish(topic, draft) {
      return logOf(topic).append(draft);
    },
    async follow(topic, follower) {
      const log = logOf(topic);
      assert(log.follower === undefined, `one follower for ${topic}`);
      log.follower = follower;
      return log;
    },
    unfollow(topic) {
      const log = logs.get(topic);
      if (!log) return;
      log.leave();
      // A name that was only looked at must not stay for ever.
      if (log.head === 0) logs.delete(topic);
    },
    forget(topic) {
      logs.delete(topic);
    },
    async close() {
      logs.clear();
    },
  };
}

class MemoryLog implements TopicLog {
  readonly epoch: string;
  follower: LogFollower | undefined;
  /** The words of the last follower. */
  about = '';
  base: Base | undefined;
  readonly #ring = new Ring<Publication>(1);
  #weight = 0;
  #bytes = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  get head(): number {
    return this.#ring.end - 1;
  }

  get first(): number {
    return this.#ring.first;
  }

  at(offset: number): Publication | undefined {
    return this.#ring.at(offset);
  }

  append(draft: Draft): Position {
    const { op, json, at, weight, key } = draft;
    const publication: Publication = {
      op,
      json,
      at,
      weight,
      ...(key === undefined ? {} : { key }),
      offset: this.#ring.end,
    };
    this.#ring.push(publication);
    this.#weight += weight;
    this.#bytes += json.length;
    this.#trim(at);
    this.follower?.received(publication);
    return { epoch: this.epoch, offset: publication.offset };
  }

  /** The follower goes; what it held stays, in its own words and as a base for the next one. */
  leave(): void {
    if (!this.follower) return;
    this.about = this.follower.about;
    const json = this.follower.snapshot();
    if (json !== undefined) this.base = { offset: this.head, at: this.at(this.head)?.at ?? 0, json };
    this.follower = undefined;
  }

  #trim(newestAt: number): void {
    // Before anybody follows, only the newest is kept.
    const { count, bytes, ageMs } = this.follower?.keep ?? { count: 1, bytes: 0 };
    while (this.#ring.length > 1) {
      const oldest = this.#ring.at(this.#ring.first);
      assert(oldest, 'a ring that is not empty has a first item');
      const tooOld = ageMs !== undefined && oldest.at < newestAt - ageMs;
      if (this.#weight <= count && this.#bytes <= bytes && !tooOld) return;
      this.#ring.shift();
      this.#weight -= oldest.weight;
      this.#bytes -= oldest.json.length;
    }
  }
}

function newEpoch(random: () => number): string {
  // 2 × 30 bits: two epochs of one topic meet by chance once in 10^18.
  const part = () => Math.floor(random() * 2 ** 30).toString(36);
  return `${part()}${part()}`;
}
