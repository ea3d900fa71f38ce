/** The range of an axis and where its lines are. */
export interface Ticks {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly values: readonly number[];
}

/** What an axis has to hold. */
export interface TickWish {
  /** Of the data; NaN when there is none. */
  readonly low: number;
  readonly high: number;
  /** Fixed ends; an end that is not given is found. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** About how many steps there should be. */
  readonly count: number;
  /** Count in 1024, as bytes are written. */
  readonly binary?: boolean;
}

/**
 * An axis that holds the data with a little air above it, starts at zero unless that would flatten the picture, and
 * has lines only at round numbers. The ends stand on lines, so that they move seldom and never by a hair.
 */
export function niceTicks(wish: TickWish): Ticks {
  const { count } = wish;
  let low = Number.isFinite(wish.low) ? wish.low : 0;
  let high = Number.isFinite(wish.high) ? wish.high : low + 1;
  if (low > 0 && low < high * 0.7) low = 0;
  if (high < 0 && high > low * 0.7) high = 0;
  // Smaller numbers than this are no data that an axis could tell from zero, and their steps underflow.
  if (Math.max(Math.abs(low), Math.abs(high)) < 1e-12) low = high = 0;
  if (high - low <= Math.abs(high) * 1e-9) [low, high] = flatRange(low);
  // Air only where the end is not a fixed zero, else a line at the very top is cut by the edge.
  const air = (high - low) * 0.04;
  if (wish.min !== undefined) low = wish.min;
  else if (low !== 0) low -= air;
  if (wish.max !== undefined) high = wish.max;
  else if (high !== 0) high += air;
  if (!(high > low)) high = low + 1;

  const step = niceStep((high - low) / Math.max(1, count), wish.binary === true);
  const min = wish.min ?? Math.floor(low / step + 1e-9) * step;
  const max = wish.max ?? Math.ceil(high / step - 1e-9) * step;
  const values: number[] = [];
  const first = Math.ceil(min / step - 1e-9);
  for (let i = first; i * step <= max + step * 1e-9 && values.length < 50; i++) values.push(round(i * step));
  return { min: round(min), max: round(max), step, values };
}

function flatRange(value: number): [number, number] {
  if (value === 0) return [0, 1];
  return value > 0 ? [0, value * 1.2] : [value * 1.2, 0];
}

function niceStep(rough: number, binary: boolean): number {
  if (binary && rough >= 1) {
    const unit = 1024 ** Math.floor(Math.log(rough) / Math.log(1024));
    const share = rough / unit;
    for (const step of [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512]) {
      if (share <= step) return step * unit;
    }
    return 1024 * unit;
  }
  const unit = 10 ** Math.floor(Math.log10(rough));
  const share = rough / unit;
  for (const step of [1, 2, 2.5, 5]) if (share <= step + 1e-9) return step * unit;
  return 10 * unit;
}

/** Without the dust of binary fractions: 0.30000000000000004 is 0.3. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
