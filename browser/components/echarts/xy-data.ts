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
  /** The ends of the axis below; NaN on a category axis. */
  readonly places: { readonly first: number; readonly last: number };
  /** Of all numbers; NaN when there is none. */
  readonly low: number;
  readonly high: number;
  readonly points: number;
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
 */
export function groupRows(rows: readonly XyRow[], wish: 'auto' | XType, order: readonly string[]): XyData {
  const xType = wish === 'auto' ? guessType(rows) : wish;
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
  const places = xType === 'category' ? placesOf(rows) : new Map<string | number, number>();
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

function placesOf(rows: readonly XyRow[]): Map<string | number, number> {
  const places = new Map<string | number, number>();
  for (const { x } of rows) if (!places.has(x)) places.set(x, places.size);
  return places;
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

function endsOf(series: readonly XySeries[]): XyData['places'] {
  let first = Number.NaN;
  let last = Number.NaN;
  for (const { points } of series) {
    const [start, end] = [points[0], points.at(-1)];
    if (typeof start !== 'object' || start === null || typeof end !== 'object' || end === null) continue;
    if (!(start[0] >= first)) first = start[0];
    if (!(end[0] <= last)) last = end[0];
  }
  return { first, last };
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
