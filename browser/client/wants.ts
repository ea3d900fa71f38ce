import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import type { TopicKind } from '@tidewall/protocol';

/** What a page keeps of a topic when no follower says. */
export const DEFAULT_KEEP_COUNT = 1_000;

/** What one subscription asks for, so that each of its followers has what it wants. */
export interface Wants {
  readonly kind: TopicKind | undefined;
  /** Newest publications to start with; undefined: what the server gives by itself. */
  readonly rewind: number | undefined;
  /** Entries or points kept; never fewer than were rewound to. */
  readonly keepCount: number;
}

/** The largest counts of all followers, and the kind that the first of them named: a topic has only one. */
export function combineWants(followers: readonly FollowOptions[]): Wants {
  let kind: TopicKind | undefined;
  let rewind: number | undefined;
  let keep: number | undefined;
  for (const options of followers) {
    kind ??= options.kind;
    if (options.rewindCount !== undefined) rewind = Math.max(rewind ?? 0, options.rewindCount);
    if (options.keepCount !== undefined) keep = Math.max(keep ?? 1, options.keepCount);
  }
  return { kind, rewind, keepCount: Math.max(keep ?? DEFAULT_KEEP_COUNT, rewind ?? 0) };
}
