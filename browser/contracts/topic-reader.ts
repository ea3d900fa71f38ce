import type { JsonValue } from '@tidewall/base';
import type { Freshness, TopicKind } from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';

/** What a page holds of a topic. The same object is changed in place; read it in the frame, never keep parts of it. */
export interface TopicReplica {
  readonly topic: string;
  readonly kind: TopicKind | undefined;
  /**
   * The value of a `state`, the rows of a `table` in order, `TimeColumns` of a `series`, the newest entries of a `log`
   * (oldest first), the last thing a `signal` said; undefined before the first, and once what was held is void.
   */
  value(): JsonValue | TimeColumns | undefined;
  /** Counts changes of `value`. */
  readonly revision: number;
  /** Time of the newest publication by its source, server's clock; 0 when there is none. */
  readonly asOf: number;
  /** As the server last told it; its age goes on here. */
  readonly freshness: Freshness;
  /** Log entries that are known to be lost to this page. */
  readonly lost: number;
  /** Set when the server refused the subscription, with its reason. */
  readonly refused: { readonly name: string; readonly message: string } | undefined;
}

export interface FollowOptions {
  readonly kind?: TopicKind;
  /** Newest publications to start with, for a `series` or `log`. */
  readonly rewindCount?: number;
  /** How many entries of a `log` or points of a `series` the page keeps. */
  readonly keepCount?: number;
}

/**
 * The link to the server. `live` carries when it came up, `waiting` when the next try is, by the local wall clock, and
 * how long that was off when the status came: count on from there by a clock that nobody sets. The text is for a reader.
 */
export type LinkStatus =
  | { readonly type: 'idle' }
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'live'; readonly session: string; readonly since: number; readonly recovered: boolean }
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
  /** Follows until the returned function is called. `changed` runs at most once a received frame, also for freshness. */
  follow(topic: string, options: FollowOptions, changed: (replica: TopicReplica) => void): () => void;
  readonly status: LinkStatus;
  /** Calls back at once and on each change. */
  onStatus(changed: (status: LinkStatus) => void): () => void;
  /** The server's clock, ms since 1970, as well as it is known. */
  serverNow(): number;
}
