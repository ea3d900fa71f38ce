import type { Broker } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { KeptLog, newEpoch, placed } from '../kept-log.ts';

export interface MemoryBrokerOptions {
  /** A number in [0, 1); epochs are made of it. */
  random(): number;
}

/**
 * A broker for one process: positions and kept publications live and die with it, so every topic has a new epoch after
 * a restart. Publishing tells the follower before it returns, so that one process adds no delay.
 */
export function createMemoryBroker(options: MemoryBrokerOptions): Broker {
  const logs = new Map<TopicName, KeptLog>();

  function logOf(topic: TopicName): KeptLog {
    let log = logs.get(topic);
    if (!log) {
      log = new KeptLog(newEpoch(options.random));
      logs.set(topic, log);
    }
    return log;
  }

  return {
    *kept() {
      for (const [topic, log] of logs) if (!log.follower && log.head > 0) yield { topic, about: log.about };
    },
    async publish(topic, draft) {
      const log = logOf(topic);
      const publication = placed(draft, log.head + 1);
      log.append(publication);
      log.follower?.received(publication);
      return { epoch: log.epoch, offset: publication.offset };
    },
    async follow(topic, follower) {
      const log = logOf(topic);
      log.follow(follower);
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
