/** How often a source that asks does so. */
export interface Polling {
  readonly intervalMs: number;
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  readonly timeoutMs: number;
}

/** How often those who watch want to hear of it: the fastest of them, and whether one of them leaves it to the source. */
export interface WantedPace {
  readonly fastestMs: number | undefined;
  readonly unpaced: boolean;
}

/** How often to ask now: as often as the fastest viewer wants, within the bounds. */
export function intervalOf(polling: Polling, { fastestMs, unpaced }: WantedPace): number {
  const asked = [...(fastestMs === undefined ? [] : [fastestMs]), ...(unpaced ? [polling.intervalMs] : [])];
  const wanted = asked.length === 0 ? polling.intervalMs : Math.min(...asked);
  return Math.min(polling.maxIntervalMs, Math.max(polling.minIntervalMs, wanted));
}
