/** The offset of a subscription whose next pull must be the whole: what it holds, if anything, is void. */
export const NEEDS_SNAPSHOT = -1;

/** A session, as views and flushes see it. */
export interface Subscriber {
  readonly id: string;
  /** Whether it takes frames now; one that does not keeps its offsets and pulls later. */
  readonly ready: boolean;
  /** Adds a frame to the write of this flush. */
  enqueue(frame: Uint8Array): void;
  /** Writes what was enqueued, as one write. */
  flush(): void;
  end(): void;
  /** Lets a subscription go that the hub ends. */
  dropped(subscription: Subscription): void;
}

/** One session's interest in a topic. Its offset is all that the hub keeps of what the session has or lacks. */
export interface Subscription {
  readonly subscriber: Subscriber;
  offset: number;
  /** The revision of the topic's vitality that the session has been told. */
  toldFreshness: number;
}
