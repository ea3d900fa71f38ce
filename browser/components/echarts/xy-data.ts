import type { XyRow } from '@tidewall/screen';

/** More series than this no reader can tell apart. */
const MOST_SERIES = 24;
/** Numbers from here on are times: 1e11 ms is the year 1973, and no count that a category axis could show. */
const FIRST_TIME = 1e11;

export type XType = 'category' | 'value' | 'time';

/** Rows by series, ready for a chart. */
export interface XyData {
  readonly xType: XType;
  /** Each category once, in order of appearance; only on a category axis. */
  readonly categories: readonly (string | number)[];
  readonly series: readonly XySeries[];
  /** The ends of the axis below, and the smallest step of a series; NaN on a category axis. */
  readonly places: Places;
  /** Of all numbers; NaN when there is none. */
  readonly low: number;
  readonly high: number;
  readonly points: number;
}

/** Where the points of an axis of times or numbers are. */
export interface Places {
  readonly first: number;
  readonly last: number;
  /** Infinite for a single place. */
  readonly step: number;
}

/** The points of one series. */
export interface XySeries {
  /** Empty when the data does not name it. */
  readonly name: string;
  /** One value a category, or pairs of x and y. */
  readonly points: readonly (number | null)[] | readonly (readonly [number, number | null])[];
  /** The newest value that is one. */
  readonly last: number | null;
  /** Some point has a gap on both sides, so that no line leads to it. */
  readonly alone: boolean;
}

/**
 * Groups rows by their series: those that `order` names first, in its order, then as they appear.
 * What is no finite number is a gap; a category that comes twice in one series takes the later value.
 * @param bands marks have a width, and need room of their own: `auto` makes categories of numbers too, in their order
 */
export function groupRows(
  rows: readonly XyRow[],
  wish: 'auto' | XType,
  order: readonly string[],
  bands = false,
): XyData {
  const guessed = guessType(rows);
  const xType = wish !== 'auto' ? wish : bands ? 'category' : guessed;
  const groups = new Map<string, XyRow[]>(order.map((name) => [name, []]));
  let low = Number.NaN;
  let high = Number.NaN;
  for (const row of rows) {
    const name = row.s ?? '';
    let group = groups.get(name);
    if (group === undefined) {
      if (groups.size >= MOST_SERIES) continue;
      group = [];
      groups.set(name, group);
    }
    group.push(row);
    const { y } = row;
    if (y === null || !Number.isFinite(y)) continue;
    if (!(y >= low)) low = y;
    if (!(y <= high)) high = y;
  }
  const filled = [...groups].filter(([, group]) => group.length > 0);
  const places =
    xType === 'category' ? placesOf(rows, guessed !== xType && wish === 'auto') : new Map<string | number, number>();
  const series = filled.map(([name, group]): XySeries => {
    const points = xType === 'category' ? byCategory(group, places) : byPlace(group);
    return { name, points, last: lastOf(group), alone: hasLonePoint(points) };
  });
  return { xType, categories: [...places.keys()], places: endsOf(series), series, low, high, points: rows.length };
}

function guessType(rows: readonly XyRow[]): XType {
  if (rows.length === 0 || rows.some(({ x }) => typeof x === 'string')) return 'category';
  return rows.every(({ x }) => (x as number) >= FIRST_TIME) ? 'time' : 'value';
}

function placesOf(rows: readonly XyRow[], byNumber: boolean): Map<string | number, number> {
  const categories = [...new Set(rows.map(({ x }) => x))];
  if (byNumber) categories.sort((a, b) => Number(a) - Number(b));
  return new Map(categories.map((category, place) => [category, place]));
}

function byCategory(rows: readonly XyRow[], places: ReadonlyMap<string | number, number>): (number | null)[] {
  const points = new Array<number | null>(places.size).fill(null);
  for (const { x, y } of rows) points[places.get(x) as number] = finite(y);
  return points;
}

/** In order of x: a line chart draws in the order of its data, and would run back and forth. */
function byPlace(rows: readonly XyRow[]): [number, number | null][] {
  const points: [number, number | null][] = [];
  let ordered = true;
  for (const { x, y } of rows) {
    const place = typeof x === 'number' ? x : Date.parse(x);
    if (!Number.isFinite(place)) continue;
    if (points.length > 0 && place < (points.at(-1) as [number, unknown])[0]) ordered = false;
    points.push([place, finite(y)]);
  }
  return ordered ? points : points.sort((a, b) => a[0] - b[0]);
}

function endsOf(series: readonly XySeries[]): Places {
  let first = Number.NaN;
  let last = Number.NaN;
  let step = Number.POSITIVE_INFINITY;
  for (const { points } of series) {
    let before = Number.NaN;
    for (const point of points) {
      if (typeof point !== 'object' || point === null) break;
      const [place] = point;
      if (!(place >= first)) first = place;
      if (!(place <= last)) last = place;
      if (place - before > 0 && place - before < step) step = place - before;
      before = place;
    }
  }
  return { first, last, step };
}

function lastOf(rows: readonly XyRow[]): number | null {
  for (let i = rows.length - 1; i >= 0; i--) {
    const y = finite(rows[i]?.y ?? null);
    if (y !== null) return y;
  }
  return null;
}

function hasLonePoint(points: XySeries['points']): boolean {
  const there = (at: number): boolean => {
    const point = points[at];
    return typeof point === 'number' || (typeof point === 'object' && point !== null && point[1] !== null);
  };
  for (let i = 0; i < points.length; i++) if (there(i) && !there(i - 1) && !there(i + 1)) return true;
  return false;
}

function finite(y: number | null): number | null {
  return y !== null && Number.isFinite(y) ? y : null;
}
