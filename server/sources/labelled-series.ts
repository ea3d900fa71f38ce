import { type JsonObject, setOwn } from '@tidewall/base';
import { type Labels, legendOf } from './legend.ts';

/** A series with its values over time. */
export interface LabelledSeries {
  readonly labels: Labels;
  /** ms since 1970, and the value then; null where it is no finite number. */
  readonly points: readonly (readonly [t: number, value: number | null])[];
}

/** The field that tells rows apart, and that of their value. */
export const SERIES_FIELD = 'series';
export const VALUE_FIELD = 'value';
const TIME_FIELD = 't';
/** Points of one series; what says it has more is not filled up. */
const MOST_POINTS = 11_000;

/** A row for each series: its labels, what it is called, and its value. */
export function rowsOf(series: readonly LabelledSeries[], legend: string | undefined): JsonObject[] {
  return series.map(({ labels, points }) => {
    const row: JsonObject = { [SERIES_FIELD]: legendOf(labels, legend), [VALUE_FIELD]: points[0]?.[1] ?? null };
    for (const [name, value] of Object.entries(labels)) setOwn(row, fieldOf(name), value);
    return row;
  });
}

/** A label that is called like a field of ours is told as Prometheus tells what is taken. */
function fieldOf(name: string): string {
  return [SERIES_FIELD, VALUE_FIELD, TIME_FIELD].includes(name) ? `exported_${name}` : name;
}

export interface Columns {
  /** `t`, and a list for each series, null where it has no value. */
  readonly columns: { t: number[]; [name: string]: (number | null)[] };
  /** What two series are called. */
  readonly twice: readonly string[];
}

/**
 * The values of all series at the same times: each multiple of the step from the first that one of them has to the last.
 */
export function columnsOf(series: readonly LabelledSeries[], legend: string | undefined, stepMs: number): Columns {
  const times = timesOf(series, stepMs);
  const places = new Map(times.map((t, index) => [t, index]));
  const columns: Columns['columns'] = { t: times };
  const twice: string[] = [];
  for (const { labels, points } of series) {
    const called = legendOf(labels, legend);
    const name = called === TIME_FIELD || called === '' ? `exported_${called || SERIES_FIELD}` : called;
    if (Object.hasOwn(columns, name)) twice.push(name);
    else {
      const values = new Array<number | null>(times.length).fill(null);
      for (const [t, value] of points) values[places.get(t) ?? -1] = value;
      setOwn(columns, name, values);
    }
  }
  return { columns, twice };
}

function timesOf(series: readonly LabelledSeries[], stepMs: number): number[] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const all = new Set<number>();
  for (const { points } of series) {
    for (const [t] of points) {
      first = Math.min(first, t);
      last = Math.max(last, t);
      all.add(t);
    }
  }
  // A step that all of them miss is a gap, not a longer way between two points.
  if (last - first <= MOST_POINTS * stepMs) for (let t = first; t <= last; t += stepMs) all.add(t);
  return [...all].sort((a, b) => a - b);
}
