import type { Rewind } from '@tidewall/contracts';

/** The offset of a place whose next pull must be the whole: what its client holds, if anything, is void. */
export const NEEDS_SNAPSHOT = -1;

/**
 * Where one session is in one view. Meaningful while the session stands alone: one that is in a cohort is where its
 * views are.
 */
export interface Place {
  /** What the session has been brought up to. */
  offset: number;
  /** What its client has been told that it is at: behind `offset` when the last publications did not concern it. */
  told: number;
  /** The revision of the topic's vitality that the session has been told. */
  freshness: number;
  /** The revision of the topic's roster that the session has been told; 0 in a view without presence. */
  presence: number;
  /** What of the whole it asked for, until it has been given that. */
  rewind?: Rewind | undefined;
}
