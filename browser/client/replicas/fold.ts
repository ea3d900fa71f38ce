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
   * @returns false when the push is not of this kind's shape, and then nothing was changed
   */
  apply(push: PushFrame, reset: boolean): boolean;
  value(): ReplicaValue;
  clear(): void;
  /** Entries or points to keep from now on, for the kinds that count. */
  keep(count: number): void;
}
