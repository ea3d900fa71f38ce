import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import type { Thinning, TopicKind } from '@tidewall/protocol';

/** How much a page keeps of the kinds that grow, by number. */
export interface KeepCounts {
  /** Points of a `series`. */
  readonly series: number;
  /** Entries of a `log`. */
  readonly log: number;
}

/** What a follower keeps that does not say: 17 minutes of a series at 10 points a second, 80 kB a column. */
export const DEFAULT_KEEP: KeepCounts = { series: 10_000, log: 1_000 };

/** The most that a server lets a rewind count: with it, a log begins with all that is kept. */
const MAX_COUNT = 1_000_000;

/** How far back a run of publications begins, and how fine: each is a bound, `Infinity` where there is none. */
export interface Rewind {
  readonly count: number;
  readonly ms: number;
  readonly points: number;
  readonly by?: Thinning | undefined;
}

/** With what comes next, and with all there is. */
export const NO_REWIND: Rewind = { count: 0, ms: 0, points: 0 };
export const WHOLE: Rewind = { count: Infinity, ms: Infinity, points: Infinity };

/** What one subscription asks for, so that each of its followers has what it wants. */
export interface Wants {
  readonly kind: TopicKind | undefined;
  /** What to start with; undefined: what the server gives by itself. */
  readonly rewind: Rewind | undefined;
  /** Never fewer than were rewound to. */
  readonly keep: KeepCounts;
  /** Most pushes a second; undefined: as many as there are. */
  readonly rateHz: number | undefined;
}

/**
 * The furthest and fastest that any follower wants, and the kind that the first of them named: a topic has only one.
 *
 * @param mostHz they get no more than that
 */
export function combineWants(followers: readonly FollowOptions[], mostHz = Infinity): Wants {
  let kind: TopicKind | undefined;
  let rewind: Rewind | undefined;
  let rate = 0;
  for (const { rewindCount: count, rewindMs: ms, rewindPoints: points, ...options } of followers) {
    kind ??= options.kind;
    rate = Math.max(rate, options.rateHz ?? Infinity);
    if (count === undefined && ms === undefined && points === undefined) continue;
    const { count: most, ms: longest, points: finest, by } = rewind ?? NO_REWIND;
    // A server joins the bounds by *and*: who does not name one wants all that the others leave.
    rewind = {
      count: Math.max(most, count ?? Infinity),
      ms: Math.max(longest, ms ?? Infinity),
      points: Math.max(finest, points ?? Infinity),
      by: by ?? options.rewindBy,
    };
  }
  rate = Math.min(rate, mostHz);
  const keep = (what: keyof KeepCounts) =>
    Math.max(
      1,
      ...followers.map(({ keepCount = DEFAULT_KEEP[what], rewindCount = 0, rewindPoints = 0 }) =>
        Math.max(keepCount, rewindCount, rewindPoints),
      ),
    );
  return {
    kind,
    rewind,
    keep: { series: keep('series'), log: keep('log') },
    rateHz: rate < Infinity ? rate : undefined,
  };
}

/** Whether it begins earlier than another, or is finer. */
export function isFurther(rewind: Rewind, than: Rewind): boolean {
  return rewind.count > than.count || rewind.ms > than.ms || rewind.points > than.points;
}

/** As the wire says it. */
export function rewindBody({ count, ms, points, by }: Rewind): object {
  const bound = (limit: number) => (limit < Infinity ? limit : undefined);
  const unbound = ms === Infinity && points === Infinity;
  return { count: unbound ? Math.min(count, MAX_COUNT) : bound(count), ms: bound(ms), points: bound(points), by };
}
