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
  /** The publisher's own name for it, by which it is known when it comes again. */
  readonly key?: string;
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

/** All that a topic held at one position, as the data of one publication that replaces everything. */
export interface Base {
  readonly offset: number;
  readonly at: number;
  readonly json: string;
}

/** The kept part of one topic, readable at once. Reading never waits, since fan-out reads it. */
export interface TopicLog {
  readonly epoch: string;
  /** Offset of the newest publication; 0 before the first. */
  readonly head: number;
  /** Offset of the oldest publication kept; `head + 1` when none is. */
  readonly first: number;
  at(offset: number): Publication | undefined;
  /** What was held at an offset, where the kept publications alone do not tell what is held now; else undefined. */
  readonly base: Base | undefined;
}

/** Who follows a topic of a broker: the hub of this process. */
export interface LogFollower {
  /** Read at each publication, so that it may change. */
  readonly keep: Keep;
  /** Whether what is kept shall outlive the process, where the broker can do that. */
  readonly retain: boolean;
  /** What `Broker.kept` gives back after a restart: the follower's own words, as text. */
  readonly about: string;
  /** Called for each publication, in order, once each. */
  received(publication: Publication): void;
  /**
   * All that is held now, at the newest publication that was received; undefined when the kept publications are all
   * that anybody needs. A broker asks before it lets publications go that the base does not cover.
   */
  snapshot(): string | undefined;
}

/**
 * Orders publications, keeps the newest, and carries them between processes.
 *
 * A publication has its position exactly when it is kept. Followers of a topic are told of each publication once, in
 * order, and before the `publish` that made it resolves. A broker sees positions and text; it never reads the data.
 */
export interface Broker {
  /** Topics of which something is kept and that nobody follows, each with its follower's own words. */
  kept(): Iterable<{ readonly topic: TopicName; readonly about: string }>;
  /** Rejects with a TidewallError (`storage_full`, `busy`) when it was not kept; then it has no position either. */
  publish(topic: TopicName, draft: Draft): Promise<Position>;
  /**
   * Opens a topic, with what is kept of it. The follower is told of each publication after that, never before this
   * has resolved. A topic has one follower a process: following twice is a broken invariant.
   */
  follow(topic: TopicName, follower: LogFollower): Promise<TopicLog>;
  /** Ends following. What is kept stays kept. */
  unfollow(topic: TopicName): void;
  /** Ends following, and keeps nothing: what is published next begins a new epoch. */
  forget(topic: TopicName): void;
  close(): Promise<void>;
}
