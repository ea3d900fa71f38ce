import type { TimeColumns } from '@tidewall/screen';

/** A break is drawn where this many usual steps are missing. */
const MISSING_STEPS = 5;
/** Shorter breaks than this are the jitter of a source. */
const SHORTEST_BREAK_MS = 2500;

/** A point may be so far ahead of the server's clock; what is further is a mistake, and would push all others out. */
const AHEAD_MS = 1000;

/** What of live columns is drawn. */
export interface WindowWish {
  readonly windowMs: number;
  /** The server's clock. */
  readonly now: number;
}

/** The part of the columns that is drawn, in arrays that are used again for each picture. */
export interface StreamWindow {
  /** Times in ms, then one array a series; what is no finite number is null. */
  readonly columns: [number[], ...(number | null)[][]];
  /** Of the whole window, also where there are no points; NaN when there are none at all. */
  readonly from: number;
  readonly to: number;
  /** Of all numbers in the window; NaN when there is none. */
  readonly low: number;
  readonly high: number;
}

/** Opens a window of the last `windowMs` before the newest point that is not ahead of the clock. */
export function createStreamWindow(): {
  /**
   * Copies what is visible of live columns, and one point before it, so that lines come in from the edge. Where a source
   * was silent, the line is broken: a straight line would look like data.
   */
  read(live: TimeColumns, fields: readonly string[], wish: WindowWish): StreamWindow;
} {
  const columns: [number[], ...(number | null)[][]] = [[]];
  return {
    read(live, fields, wish) {
      const times = live.t;
      const { start, end, to } = rangeOf(times, wish);
      while (columns.length > fields.length + 1) columns.pop();
      while (columns.length <= fields.length) columns.push([]);
      const breaks = breaksOf(times, start, end);
      const count = end - start + breaks.length;
      columns[0].length = count;
      fillTimes(columns[0], times, start, end, breaks);
      let low = Number.NaN;
      let high = Number.NaN;
      fields.forEach((field, index) => {
        const column = columns[index + 1] as (number | null)[];
        column.length = count;
        const values = Object.hasOwn(live, field) ? live[field] : undefined;
        let at = 0;
        let next = 0;
        for (let i = start; i < end; i++) {
          if (breaks[next] === i) {
            column[at++] = null;
            next++;
          }
          const value = values?.[i];
          if (typeof value !== 'number' || !Number.isFinite(value)) {
            column[at++] = null;
            continue;
          }
          column[at++] = value;
          if (!(value >= low)) low = value;
          if (!(value <= high)) high = value;
        }
      });
      return { columns, from: to - wish.windowMs, to, low, high };
    },
  };
}

/** The fields that are drawn when the props name none: those with a number in the window, or any where none has one. */
export function fieldsOf(live: TimeColumns, most: number, wish: WindowWish): string[] {
  const { start, end } = rangeOf(live.t, wish);
  const fields = Object.keys(live).filter((field) => field !== 't');
  const alive = fields.filter((field) => {
    // From the end: a living series has a number there.
    for (let i = end - 1; i >= start; i--) if (Number.isFinite(live[field]?.[i])) return true;
    return false;
  });
  return (alive.length > 0 ? alive : fields).slice(0, most);
}

/** A source whose clock is ahead with every point is drawn by its own clock: there is nothing else to see. */
function rangeOf(times: readonly number[], { windowMs, now }: WindowWish) {
  const end = firstAtOrAfter(times, now + AHEAD_MS + 1) || times.length;
  const to = times[end - 1] ?? Number.NaN;
  return { start: Math.max(0, firstAtOrAfter(times, to - windowMs) - 1), end, to };
}

/** Indexes before which the source was silent. The usual step is the mean over the window, so that no list is sorted. */
function breaksOf(times: readonly number[], start: number, end: number): number[] {
  const breaks: number[] = [];
  const span = (times[end - 1] ?? 0) - (times[start] ?? 0);
  const longest = Math.max(SHORTEST_BREAK_MS, (span / Math.max(1, end - start - 1)) * MISSING_STEPS);
  for (let i = start + 1; i < end; i++) {
    if ((times[i] as number) - (times[i - 1] as number) > longest) breaks.push(i);
  }
  return breaks;
}

function fillTimes(
  into: number[],
  times: readonly number[],
  start: number,
  end: number,
  breaks: readonly number[],
): void {
  let at = 0;
  let next = 0;
  for (let i = start; i < end; i++) {
    if (breaks[next] === i) {
      into[at++] = ((times[i - 1] as number) + (times[i] as number)) / 2;
      next++;
    }
    into[at++] = times[i] as number;
  }
}

function firstAtOrAfter(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
