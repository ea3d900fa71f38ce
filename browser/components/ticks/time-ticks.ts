const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances that people count time in. */
export const TIME_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 90, 180, 365].map((days) => days * DAY),
];

/**
 * Times between two others, at most `count` of them, where a clock of the zone shows a round number.
 * None when the two are no times.
 *
 * @param offsetMs how far the zone's clock is ahead of UTC
 */
export function timeTicks(from: number, to: number, count: number, offsetMs: number): number[] {
  const span = to - from;
  if (!(span > 0) || count < 1) return Number.isFinite(from) ? [from] : [];
  const step = TIME_STEPS.find((step) => span / step <= count) ?? Math.ceil(span / count / DAY) * DAY;
  const ticks: number[] = [];
  const first = Math.ceil((from + offsetMs) / step) * step - offsetMs;
  for (let tick = first; tick <= to && ticks.length <= count; tick += step) ticks.push(tick);
  return ticks;
}
