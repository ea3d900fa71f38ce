import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { MOST_POINTS } from './config.ts';
import { type Labels, legendOf } from './legend.ts';

/** A series with its values over time. */
export interface ReadSeries {
  readonly labels: Labels;
  /** ms since 1970, and the value then; null where it is no finite number. */
  readonly points: readonly (readonly [t: number, value: number | null])[];
}

/** What an answer says: series with one value each, or over time. */
export interface ReadResult {
  readonly type: 'now' | 'range';
  readonly series: readonly ReadSeries[];
  /** What the server says beside it. */
  readonly warnings: readonly string[];
}

/** The field that tells rows apart, and that of their value. */
export const SERIES_FIELD = 'series';
export const VALUE_FIELD = 'value';
const TIME_FIELD = 't';

/**
 * The answer of the API of Prometheus to a query.
 *
 * @param place what was asked, as sentences name it
 * @throws TidewallError source_error when it is none, or is of a type that cannot be shown
 */
export function readResult(answer: JsonValue, place: string): ReadResult {
  const { data, warnings, infos } = isJsonObject(answer) ? answer : {};
  const { resultType: type, result } = isJsonObject(data) ? data : {};
  const said = [warnings, infos].flatMap((each) => (Array.isArray(each) ? each.map(String) : []));
  const read = (type: ReadResult['type'], series: readonly ReadSeries[]) => ({ type, series, warnings: said });
  if (Array.isArray(result)) {
    if (type === 'vector')
      return read(
        'now',
        result.map((each) => readOne(each, place)),
      );
    if (type === 'matrix')
      return read(
        'range',
        result.map((each) => readMany(each, place)),
      );
    if (type === 'scalar') return read('now', [{ labels: {}, points: [readPoint(result, place)] }]);
    if (type === 'string') {
      throw new TidewallError('source_error', `${place} answers with a text; ask for numbers`);
    }
  }
  throw otherShape(place);
}

function readOne(each: JsonValue, place: string): ReadSeries {
  const { metric, value } = isJsonObject(each) ? each : {};
  return { labels: labelsOf(metric, place), points: [readPoint(value, place)] };
}

function readMany(each: JsonValue, place: string): ReadSeries {
  const { metric, values = [] } = isJsonObject(each) ? each : {};
  if (!Array.isArray(values)) throw otherShape(place);
  return { labels: labelsOf(metric, place), points: values.map((value) => readPoint(value, place)) };
}

/** A histogram (`histogram` in place of `value`) is no number. */
function readPoint(value: JsonValue | undefined, place: string): readonly [number, number | null] {
  if (value === undefined) {
    throw new TidewallError(
      'source_error',
      `${place} answers with histograms; make numbers of them: histogram_quantile()`,
    );
  }
  const [seconds, text] = Array.isArray(value) ? value : [];
  if (typeof seconds !== 'number' || typeof text !== 'string') throw otherShape(place);
  const number = Number(text);
  return [Math.round(seconds * 1000), text !== '' && Number.isFinite(number) ? number : null];
}

function labelsOf(metric: JsonValue | undefined, place: string): Labels {
  if (!isJsonObject(metric)) throw otherShape(place);
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(metric)) setOwn(labels, name, String(value));
  return labels;
}

function otherShape(place: string): TidewallError {
  return new TidewallError('source_error', `${place} answers with something else than Prometheus does; is it one?`);
}

/** A row for each series: its labels, what it is called, and its value. */
export function rowsOf(series: readonly ReadSeries[], legend: string | undefined): JsonObject[] {
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
export function columnsOf(series: readonly ReadSeries[], legend: string | undefined, stepMs: number): Columns {
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

function timesOf(series: readonly ReadSeries[], stepMs: number): number[] {
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
