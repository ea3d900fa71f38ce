import { isJsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import type { LabelledSeries } from '../labelled-series.ts';
import type { Labels } from '../legend.ts';

/** What an answer says: series with one value each, or over time. */
export interface ReadResult {
  readonly type: 'now' | 'range';
  readonly series: readonly LabelledSeries[];
  /** What the server says beside it. */
  readonly warnings: readonly string[];
}

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
  const read = (type: ReadResult['type'], series: readonly LabelledSeries[]) => ({ type, series, warnings: said });
  if (Array.isArray(result)) {
    const each = (one: (value: JsonValue, place: string) => LabelledSeries) => result.map((value) => one(value, place));
    if (type === 'vector') return read('now', each(readOne));
    if (type === 'matrix') return read('range', each(readMany));
    if (type === 'scalar') return read('now', [{ labels: {}, points: [readPoint(result, place)] }]);
    if (type === 'string') {
      throw new TidewallError('source_error', `${place} answers with a text; ask for numbers`);
    }
  }
  throw otherShape(place);
}

function readOne(each: JsonValue, place: string): LabelledSeries {
  const { metric, value } = isJsonObject(each) ? each : {};
  return { labels: labelsOf(metric, place), points: [readPoint(value, place)] };
}

function readMany(each: JsonValue, place: string): LabelledSeries {
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
