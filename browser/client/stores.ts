import type { JsonValue } from '@tidewall/base';
import type { FollowOptions, LinkStatus, TopicReader, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { TimeColumns } from '@tidewall/screen';

/** What is held of a topic at one moment. Another object for each change, so that frameworks see one. */
export type TopicState = Omit<TopicReplica, 'value' | 'topic'> & {
  readonly value: JsonValue | TimeColumns | undefined;
};

/** A value that changes, in the form that view frameworks take: who subscribes is told that there is another snapshot. */
export interface Store<Snapshot> {
  /** The same object until something has changed. */
  snapshot(): Snapshot;
  /** Returns what ends it. */
  subscribe(changed: () => void): () => void;
}

export interface StoreTiming {
  /** Runs once, soon: changes in between are told together. A frame of the page where there are frames. */
  readonly soon: (run: () => void) => void;
}

/** Of a topic of which nothing is known yet. */
export const NOTHING_HELD: TopicState = {
  value: undefined,
  position: undefined,
  kind: undefined,
  revision: 0,
  asOf: 0,
  freshness: { state: 'quiet', asOf: 0 },
  lost: 0,
  refused: undefined,
  presence: undefined,
};

/**
 * A topic as a store: followed while somebody subscribes. Changes are told at most once a frame, with the newest. Ends
 * following a moment after the last subscriber, so that a view that is only put elsewhere does not ask again.
 */
export function createTopicStore(
  reader: TopicReader,
  topic: string,
  options: FollowOptions = {},
  { soon }: StoreTiming = { soon: nextFrame },
): Store<TopicState> {
  const listeners = new Set<() => void>();
  let state = NOTHING_HELD;
  let newest: TopicReplica | undefined;
  let unfollow: (() => void) | undefined;
  let told = true;

  function tell(): void {
    told = true;
    if (newest === undefined || listeners.size === 0) return;
    const { position, kind, revision, asOf, freshness, lost, refused, presence } = newest;
    state = { value: newest.value(), position, kind, revision, asOf, freshness, lost, refused, presence };
    for (const listener of [...listeners]) listener();
  }

  return {
    snapshot: () => state,
    subscribe(changed) {
      // Each its own, also when the same function subscribes twice.
      const listener = () => changed();
      listeners.add(listener);
      unfollow ??= reader.follow(topic, options, (replica) => {
        newest = replica;
        if (!told) return;
        told = false;
        soon(tell);
      });
      return () => {
        listeners.delete(listener);
        void Promise.resolve().then(() => {
          if (listeners.size > 0) return;
          unfollow?.();
          unfollow = undefined;
        });
      };
    },
  };
}

/** The state of the link as a store. */
export function createStatusStore(reader: Pick<TopicReader, 'status' | 'onStatus'>): Store<LinkStatus> {
  return {
    snapshot: () => reader.status,
    subscribe(changed) {
      let first = true;
      const end = reader.onStatus(() => {
        // What is there already is in the snapshot.
        if (!first) changed();
      });
      first = false;
      return end;
    },
  };
}

interface Frames {
  requestAnimationFrame?(run: () => void): unknown;
  setTimeout(run: () => void, ms: number): unknown;
}

/** The page's next frame; on a page that is not drawn, and outside of pages, a moment later all the same. */
function nextFrame(run: () => void): void {
  const { requestAnimationFrame, setTimeout } = globalThis as unknown as Frames;
  let due = true;
  const once = () => {
    if (due) run();
    due = false;
  };
  requestAnimationFrame?.(once);
  setTimeout(once, 100);
}
