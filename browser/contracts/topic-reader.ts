import type { JsonValue } from '@tidewall/base';
import type { Filter, Freshness, Presence, Since, Thinning, TopicKind } from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';

/**
 * What a page holds of a topic. The same object is changed in place; read it in the frame, never keep parts of it.
 *
 * `Value` is what its reader knows the topic to hold: nothing checks it.
 */
export interface TopicReplica<Value = JsonValue | TimeColumns> {
  readonly topic: string;
  /** Up to where all of the topic has been taken in; undefined before anything has, and for a `signal`. */
  readonly position: Since | undefined;
  readonly kind: TopicKind | undefined;
  /**
   * The value of a `state`, the rows of a `table` in order, `TimeColumns` of a `series`, the newest entries of a `log`
   * (oldest first), the last thing a `signal` said; undefined before the first, and once what was held is void.
   */
  value(): Value | undefined;
  /** Counts changes of `value`. */
  readonly revision: number;
  /** Time of the newest publication by its source, server's clock; 0 when there is none. */
  readonly asOf: number;
  /** As the server last told it; its age goes on here. */
  readonly freshness: Freshness;
  /** Log entries that are known to be lost to this page; where a filter is, at most so many of those that pass. */
  readonly lost: number;
  /** Set when the server refused the subscription, with its reason. */
  readonly refused: { readonly name: string; readonly message: string } | undefined;
  /** Who follows the topic, as last told; undefined unless it was asked for. Without `members` they are too many. */
  readonly presence: Presence | undefined;
}

/** What a follower wants of a topic. `rewind…` is for a `series` or `log`; what is given of it counts together. */
export interface FollowOptions {
  readonly kind?: TopicKind;
  /**
   * Of a `log`: what was taken in before, perhaps by a page that is gone; what follows it comes, whoever else follows the
   * same log. When it cannot be had, `lost` or the link's `recovered` says so.
   */
  readonly since?: Since;
  /** Newest points or entries to start with. */
  readonly rewindCount?: number;
  /** Starts with what is younger than this. */
  readonly rewindMs?: number;
  /** Starts with at most so many points of a `series`, thinned where there are more. */
  readonly rewindPoints?: number;
  /** How they are thinned: the largest triangles when absent. */
  readonly rewindBy?: Thinning;
  /** How many entries of a `log` or points of a `series` the page keeps. */
  readonly keepCount?: number;
  /** Most pushes a second: the first comes at once, and the last always. As many as there are when absent. */
  readonly rateHz?: number | undefined;
  /** Only the rows, entries or values that pass. */
  readonly filter?: Filter;
  /** Only these members of them. */
  readonly fields?: readonly string[];
  /** Changes in place of whole values of a `state` or `table`: the same is held, and fewer bytes travel. */
  readonly delta?: boolean;
  /** Tells who else follows the topic. */
  readonly presence?: boolean;
}

/** Somebody follows; calling it ends that, and may be done again and again. */
export interface Following {
  (): void;
  /**
   * Another rate from now on, without anything lost; undefined: as fast as there is something. Where several follow
   * with the same options, the fastest of them counts.
   */
  configure(change: { readonly rateHz: number | undefined }): void;
}

/**
 * The link to the server. `live` carries when it came up, `waiting` when the next try is, by the local wall clock, and
 * how long that was off when the status came: count on from there by a clock that nobody sets. `refused` is why newer
 * credentials were not taken, or not to be had: the link is there until the ones before run out. The texts are for a reader.
 */
export type LinkStatus =
  | { readonly type: 'connecting'; readonly attempt: number }
  | {
      readonly type: 'live';
      readonly session: string;
      readonly since: number;
      readonly recovered: boolean;
      readonly refused?: string | undefined;
    }
  | {
      readonly type: 'waiting';
      readonly attempt: number;
      readonly retryAt: number;
      readonly retryAfterMs: number;
      readonly reason: string;
    }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string };

/** Topics, as the runtime sees them. The client implements it; a recording or a test may. */
export interface TopicReader {
  /**
   * Follows until the returned function is called. `changed` runs at most once a received frame, also for freshness.
   *
   * @param topic a name, or a pattern: `+` stands for one part of a name, `#` at the end for any number of them. Of a
   *   pattern, `changed` is handed the replica of each topic that it finds, now or later; what keeps the pattern itself
   *   from being followed is `refused` of a replica that is called like the pattern and holds nothing.
   */
  follow(topic: string, options: FollowOptions, changed: (replica: TopicReplica) => void): Following;
  readonly status: LinkStatus;
  /** Calls back at once and on each change. */
  onStatus(changed: (status: LinkStatus) => void): () => void;
  /** The server's clock, ms since 1970, as well as it is known. */
  serverNow(): number;
}
