import type { TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { PushFrame } from '@tidewall/protocol';

/** What a replica may hold. */
export type ReplicaValue = ReturnType<TopicReplica['value']>;

/**
 * What a page holds of one topic, in the way of its kind. It is handed every push in order, and knows no position,
 * link or clock.
 */
export interface Fold {
  /**
   * Takes in a push that carries data.
   *
   * @param reset what is held is void; `push.d` is all there is
   * @param latest the newest time that can be true, ms since 1970: what lies beyond it is left out
   * @returns false when the push is not of this kind's shape, and then nothing was changed
   */
  apply(push: PushFrame, reset: boolean, latest: number): boolean;
  value(): ReplicaValue;
  clear(): void;
  /** Entries or points to keep from now on, for the kinds that count. */
  keep(count: number): void;
  /** Points that were left out, since their time cannot be true. */
  readonly leftOut?: number;
}
