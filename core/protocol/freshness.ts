/**
 * How alive a topic is.
 *
 * `quiet`: it states no cadence, so age says nothing. `ok`, `late` (nothing for twice the cadence), `stale` (five
 * times), `failed`: its source says that it cannot deliver.
 */
export const FRESHNESS_STATES = ['quiet', 'ok', 'late', 'stale', 'failed'] as const;
export type FreshnessState = (typeof FRESHNESS_STATES)[number];

export interface Freshness {
  readonly state: FreshnessState;
  /** Time of the newest publication by its source, ms since 1970 on the server's clock; 0 when there is none. */
  readonly asOf: number;
  /** The cadence that the topic states, when it does. */
  readonly expectEveryMs?: number;
  /** Why, for a reader; present when `failed`. */
  readonly reason?: string;
}

/** After how many cadences without a publication a topic is late, and stale. */
export const LATE_AFTER = 2;
export const STALE_AFTER = 5;

/** The state that an age alone tells. */
export function freshnessOfAge(ageMs: number, expectEveryMs: number | undefined): FreshnessState {
  if (expectEveryMs === undefined) return 'quiet';
  if (ageMs > expectEveryMs * STALE_AFTER) return 'stale';
  return ageMs > expectEveryMs * LATE_AFTER ? 'late' : 'ok';
}
