import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import type { TopicKind } from '@tidewall/protocol';

/** How much a page keeps of the kinds that grow, by number. */
export interface KeepCounts {
  /** Points of a `series`. */
  readonly series: number;
  /** Entries of a `log`. */
  readonly log: number;
}

/** What a follower keeps that does not say: 17 minutes of a series at 10 points a second, 80 kB a column. */
export const DEFAULT_KEEP: KeepCounts = { series: 10_000, log: 1_000 };

/** What one subscription asks for, so that each of its followers has what it wants. */
export interface Wants {
  readonly kind: TopicKind | undefined;
  /** Newest publications to start with; undefined: what the server gives by itself. */
  readonly rewind: number | undefined;
  /** Never fewer than were rewound to. */
  readonly keep: KeepCounts;
}

/** The largest counts of all followers, and the kind that the first of them named: a topic has only one. */
export function combineWants(followers: readonly FollowOptions[]): Wants {
  let kind: TopicKind | undefined;
  let rewind: number | undefined;
  for (const options of followers) {
    kind ??= options.kind;
    if (options.rewindCount !== undefined) rewind = Math.max(rewind ?? 0, options.rewindCount);
  }
  const keep = (what: keyof KeepCounts) =>
    Math.max(1, rewind ?? 0, ...followers.map(({ keepCount }) => keepCount ?? DEFAULT_KEEP[what]));
  return { kind, rewind, keep: { series: keep('series'), log: keep('log') } };
}
