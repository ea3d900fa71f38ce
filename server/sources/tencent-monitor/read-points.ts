import { isJsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import type { LabelledSeries } from '../labelled-series.ts';
import type { MonitorError } from './monitor-failure.ts';

export type PointsReading = { readonly series: readonly LabelledSeries[] } | { readonly error: MonitorError };

/**
 * The answer of `GetMonitorData`: a series for each instance, by its dimensions; or the error that it says.
 *
 * @throws TidewallError source_error when it is none
 */
export function readPoints(answer: JsonValue, place: string): PointsReading {
  const { Response: response } = isJsonObject(answer) ? answer : {};
  const { DataPoints: points, Error: error } = isJsonObject(response) ? response : {};
  if (isJsonObject(error) && typeof error['Code'] === 'string') {
    return { error: { code: error['Code'], message: String(error['Message'] ?? '') } };
  }
  // Where there is nothing it is null.
  if (points === null) return { series: [] };
  if (!Array.isArray(points)) throw otherShape(place);
  return { series: points.map((each) => readSeries(each, place)) };
}

function readSeries(each: JsonValue, place: string): LabelledSeries {
  const { Dimensions: dimensions, Timestamps: times, Values: values } = isJsonObject(each) ? each : {};
  const labels: Record<string, string> = {};
  for (const dimension of Array.isArray(dimensions) ? dimensions : []) {
    const { Name: name, Value: value } = isJsonObject(dimension) ? dimension : {};
    if (typeof name !== 'string') throw otherShape(place);
    setOwn(labels, name, String(value ?? ''));
  }
  const [at, read] = [times ?? [], values ?? []];
  if (!Array.isArray(at) || !Array.isArray(read) || at.length !== read.length) throw otherShape(place);
  const points = at.map((seconds, index) => {
    if (typeof seconds !== 'number') throw otherShape(place);
    const value = read[index];
    return [Math.round(seconds * 1000), typeof value === 'number' ? value : null] as const;
  });
  return { labels, points };
}

function otherShape(place: string): TidewallError {
  return new TidewallError(
    'source_error',
    `${place} answers with something else than Tencent Cloud does; is endpoint right?`,
  );
}
