import type { Operation, Position, TopicName } from '@tidewall/protocol';

/** A publication before it has its place: checked, and encoded once. */
export interface Draft {
  readonly op: Operation;
  /** The data as JSON text on one line. */
  readonly json: string;
  /** When the source saw it, ms since 1970 on our clock. */
  readonly at: number;
  /** How much it counts against `Keep.count`: the points of a `series`, else 1. */
  readonly weight: number;
}

/** A publication in its place. */
export interface Publication extends Draft {
  /** 1 for the first of its epoch, then one more each time, without a hole. */
  readonly offset: number;
}

/**
 * How much of a topic is kept. What goes over is dropped from the old end, whole publications at a time; the newest one
 * always stays.
 */
export interface Keep {
  /** Sum of the weights. */
  readonly count: number;
  /** Sum of the lengths of the JSON texts, in UTF-16 units. */
  readonly bytes: number;
  /** What is older than the newest publication by more than this, by `at`, is dropped; absent: age does not matter. */
  readonly ageMs?: number;
}

/** The kept part of one topic, readable at once. Reading never waits, since fan-out reads it. */
export interface TopicLog {
  readonly epoch: string;
  /** Offset of the newest publication; 0 before the first. */
  readonly head: number;
  /** Offset of the oldest publication kept; `head + 1` when none is. */
  readonly first: number;
  at(offset: number): Publication | undefined;
}

/**
 * Orders publications, keeps the newest, and carries them between processes.
 *
 * A publication has its position exactly when it is kept. Followers of a topic are told of each publication once, in
 * order, and before the `publish` that made it resolves. A broker sees positions and text; it never reads the data.
 */
export interface Broker {
  /** Rejects with a TidewallError (`storage_full`, `busy`) when it was not kept; then it has no position either. */
  publish(topic: TopicName, draft: Draft): Promise<Position>;
  /**
   * Opens a topic, with what is kept of it. `onPublication` is called for each publication after that, never before
   * this has resolved. A topic has one follower a process: following twice is a broken invariant.
   */
  follow(topic: TopicName, keep: Keep, onPublication: (publication: Publication) => void): Promise<TopicLog>;
  /** Ends following. What is kept stays kept. */
  unfollow(topic: TopicName): void;
  close(): Promise<void>;
}
