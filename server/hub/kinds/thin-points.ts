import { assertNever } from '@tidewall/base';
import type { Thinning } from '@tidewall/contracts';

/** The values of one name, one for each time; null is a gap. */
type Column = readonly (number | null)[];

/**
 * At most `points` (two or more) of the points of some columns, `t` among them, by rising time. The first and the last
 * point stay as they are; what lies between is cut into buckets of equally many points, and:
 *
 * - `lttb` keeps of each bucket and column the point that shapes the line most (Sveinn Steinarsson, Downsampling Time
 *   Series for Visual Representation, 2013). One column without gaps comes out as that algorithm says, with `points`.
 * - `minmax` keeps of each bucket and column the smallest and the largest value, so no peak is lost.
 * - `avg` makes one point of each bucket: the mean of each column at the bucket's middle time.
 * - `last` makes one point of each bucket: the last value of each column at the bucket's last time.
 *
 * A column that has no value in a whole bucket is null there: a gap as long as two buckets is always seen, a shorter one
 * may close. With several columns `lttb` and `minmax` keep rows, each with the values of all columns; the buckets are
 * then fewer, so that each column has its own points in all of them. Where not even one bucket has room for that (`lttb`
 * with more columns than `points - 2`, `minmax` with more than half as many), the columns that come first are served.
 *
 * The cost is linear in what is given. Nothing that is given is changed or shared with the answer.
 */
export function thinPoints(
  columns: ReadonlyMap<string, Column>,
  points: number,
  by: Thinning,
): Map<string, (number | null)[]> {
  const times = (columns.get('t') ?? []) as readonly number[];
  if (times.length <= points) return pickRows(columns, times.keys());
  if (points === 2) return pickRows(columns, [0, times.length - 1]);
  switch (by) {
    case 'lttb':
      return pickRows(columns, unitedRows(columns, times, points, LARGEST_TRIANGLE));
    case 'minmax':
      return pickRows(columns, unitedRows(columns, times, points, EXTREMES));
    case 'avg':
      return foldBuckets(columns, times, points, AVERAGE);
    case 'last':
      return foldBuckets(columns, times, points, LAST);
    default:
      return assertNever(by);
  }
}

/** Where buckets begin: `n` of them between the first and the last of `length` rows, then the last row by itself. */
function cutBuckets(length: number, n: number): number[] {
  const bounds = Array.from({ length: n + 1 }, (_, bucket) => 1 + Math.floor((bucket * (length - 2)) / n));
  bounds.push(length);
  return bounds;
}

function pickRows(columns: ReadonlyMap<string, Column>, rows: Iterable<number>): Map<string, (number | null)[]> {
  const picked = [...rows];
  return new Map([...columns].map(([name, column]) => [name, picked.map((row) => column[row] ?? null)]));
}

/** Chooses rows for one column: of each bucket at most `perBucket`, where a place that is not used holds NONE. */
interface Picker {
  readonly perBucket: number;
  pick(times: readonly number[], column: Column, bounds: readonly number[]): Int32Array;
}

const NONE = -1;

/** The first row, what the picker chooses for any column of each bucket, and the last row. */
function unitedRows(
  columns: ReadonlyMap<string, Column>,
  times: readonly number[],
  points: number,
  { perBucket, pick }: Picker,
): number[] {
  const values = [...columns].filter(([name]) => name !== 't').map(([, column]) => column);
  const room = points - 2;
  const buckets = Math.min(room, Math.max(1, Math.floor(room / (perBucket * Math.max(1, values.length)))));
  const bounds = cutBuckets(times.length, buckets);
  const choices = values.map((column) => pick(times, column, bounds));

  const rows = [0];
  const chosen = new Set<number>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    chosen.clear();
    for (const choice of choices) {
      for (let i = bucket * perBucket; i < (bucket + 1) * perBucket && chosen.size < room; i++) {
        const row = choice[i] as number;
        if (row !== NONE) chosen.add(row);
      }
    }
    // A bucket without any value is a gap, and one row has to say so.
    if (chosen.size === 0) chosen.add(bounds[bucket] as number);
    rows.push(...[...chosen].sort((a, b) => a - b));
  }
  rows.push(times.length - 1);
  return rows;
}

const EXTREMES: Picker = {
  perBucket: 2,
  pick(_times, column, bounds) {
    const picked = new Int32Array(2 * (bounds.length - 2)).fill(NONE);
    for (let bucket = 0; bucket < bounds.length - 2; bucket++) {
      let low = NONE;
      let high = NONE;
      let smallest = Number.POSITIVE_INFINITY;
      let largest = Number.NEGATIVE_INFINITY;
      for (let row = bounds[bucket] as number; row < (bounds[bucket + 1] as number); row++) {
        const value = column[row] ?? null;
        if (value === null) continue;
        if (value < smallest) {
          smallest = value;
          low = row;
        }
        if (value > largest) {
          largest = value;
          high = row;
        }
      }
      picked[2 * bucket] = low;
      picked[2 * bucket + 1] = high;
    }
    return picked;
  },
};

/**
 * Of each bucket the point that spans the largest triangle with the point chosen before it and the mean of the next
 * bucket that has values. Where there is nothing before or after, the line is taken to go on flat.
 */
const LARGEST_TRIANGLE: Picker = {
  perBucket: 1,
  pick(times, column, bounds) {
    const buckets = bounds.length - 2;
    const picked = new Int32Array(buckets).fill(NONE);
    // Everything is measured in parts of the largest, since products of values near 1e308 are no numbers.
    const timeUnit = largestOf(times);
    const unit = largestOf(column);
    const means = meansOf(times, column, bounds, timeUnit, unit);
    const start = (times[0] as number) / timeUnit;
    const end = (times[times.length - 1] as number) / timeUnit;
    let before = column[0] === null ? undefined : { time: start, value: (column[0] as number) / unit };

    for (let bucket = 0; bucket < buckets; bucket++) {
      const own = means.at[bucket];
      if (!own) continue;
      const after = means.from[bucket + 1] ?? { time: end, value: (before ?? own).value };
      const left = before ?? { time: start, value: after.value };
      let largest = -1;
      for (let row = bounds[bucket] as number; row < (bounds[bucket + 1] as number); row++) {
        const found = column[row] ?? null;
        if (found === null) continue;
        const time = (times[row] as number) / timeUnit;
        const value = found / unit;
        const area = Math.abs(
          (left.time - after.time) * (value - left.value) - (left.time - time) * (after.value - left.value),
        );
        if (area > largest) {
          largest = area;
          picked[bucket] = row;
          before = { time, value };
        }
      }
    }
    return picked;
  },
};

interface Point {
  readonly time: number;
  readonly value: number;
}

/** The mean point of each bucket that has values, and the nearest such point from each bucket on. */
function meansOf(
  times: readonly number[],
  column: Column,
  bounds: readonly number[],
  timeUnit: number,
  unit: number,
): { at: (Point | undefined)[]; from: (Point | undefined)[] } {
  const at: (Point | undefined)[] = [];
  for (let bucket = 0; bucket + 1 < bounds.length; bucket++) {
    let time = 0;
    let value = 0;
    let count = 0;
    for (let row = bounds[bucket] as number; row < (bounds[bucket + 1] as number); row++) {
      const found = column[row] ?? null;
      if (found === null) continue;
      time += (times[row] as number) / timeUnit;
      value += found / unit;
      count++;
    }
    at.push(count === 0 ? undefined : { time: time / count, value: value / count });
  }
  const from = [...at];
  for (let bucket = at.length - 2; bucket >= 0; bucket--) from[bucket] ??= from[bucket + 1];
  return { at, from };
}

/** The largest magnitude, or 1 where there is none to divide by. */
function largestOf(column: Column): number {
  let largest = 0;
  for (const value of column) if (value !== null) largest = Math.max(largest, Math.abs(value));
  return largest === 0 ? 1 : largest;
}

/** Makes one point of the rows `from` up to and without `to`. */
interface Fold {
  time(times: readonly number[], from: number, to: number): number;
  value(column: Column, from: number, to: number): number | null;
}

const AVERAGE: Fold = {
  // A time that is there: a computed one could come to lie before its neighbour's by rounding.
  time: (times, from, to) => times[(from + to - 1) >> 1] as number,
  value: meanOf,
};

const LAST: Fold = {
  time: (times, _from, to) => times[to - 1] as number,
  value(column, from, to) {
    for (let row = to - 1; row >= from; row--) if ((column[row] ?? null) !== null) return column[row] as number;
    return null;
  },
};

function foldBuckets(
  columns: ReadonlyMap<string, Column>,
  times: readonly number[],
  points: number,
  fold: Fold,
): Map<string, (number | null)[]> {
  const bounds = cutBuckets(times.length, points - 2);
  const foldColumn = (name: string, column: Column): (number | null)[] => {
    const folded = [column[0] ?? null];
    for (let bucket = 0; bucket < points - 2; bucket++) {
      const from = bounds[bucket] as number;
      const to = bounds[bucket + 1] as number;
      folded.push(name === 't' ? fold.time(times, from, to) : fold.value(column, from, to));
    }
    folded.push(column[times.length - 1] ?? null);
    return folded;
  };
  return new Map([...columns].map(([name, column]) => [name, foldColumn(name, column)]));
}

function meanOf(column: Column, from: number, to: number): number | null {
  let sum = 0;
  let count = 0;
  for (let row = from; row < to; row++) {
    const value = column[row] ?? null;
    if (value === null) continue;
    sum += value;
    count++;
  }
  if (count === 0) return null;
  return Number.isFinite(sum) ? sum / count : runningMean(column, from, to);
}

/** Never over the largest value, where the sum is too large for a number; less exact than a sum that is not. */
function runningMean(column: Column, from: number, to: number): number {
  let mean = 0;
  let count = 0;
  for (let row = from; row < to; row++) {
    const value = column[row] ?? null;
    if (value === null) continue;
    count++;
    mean += value / count - mean / count;
  }
  return mean;
}
