import type { DataState } from '@tidewall/browser-contracts';

/** How one element does, for a reader who asks why a screen looks as it does. */
export interface ElementHealth {
  readonly id: string;
  readonly type: string;
  /** As the screen names it; empty when it does not. */
  readonly name: string;
  /** Undefined for one that follows no topic. */
  readonly topic: string | undefined;
  readonly state: DataState;
  readonly reason: string;
  /** Since its source saw the newest; undefined when there is none. */
  readonly ageMs: number | undefined;
  /** From the source's timestamp to the end of the frame that drew it; undefined before the first live change. */
  readonly paintLatencyMs: number | undefined;
  /** How data does not fit, or why the component does not draw; undefined when all is well. */
  readonly problem: string | undefined;
}
