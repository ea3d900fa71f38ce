import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { FieldValue } from '../field.ts';
import type { NulledBy } from '../ingest-definition.ts';
import type { Refusal } from '../refusals.ts';
import { readDouble, readInt64 } from './scalars.ts';

/** The types of a metric, by the member that holds its data points. */
export type PointKind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';

type Fields = [name: string, value: FieldValue][];

/** A flag of a data point: there is no value, and this says so. */
const NO_RECORDED_VALUE = 1;

/** Field by field, how a member of a point is read. */
const COUNT = { name: 'count', read: readInt64 } as const;
const SUM = { name: 'sum', read: readDouble } as const;
const MIN = { name: 'min', read: readDouble } as const;
const MAX = { name: 'max', read: readDouble } as const;
const ZERO_COUNT = { name: 'zeroCount', read: readInt64 } as const;

/**
 * The fields of a data point:
 *
 * - of a gauge or sum `value`;
 * - of a histogram `count`, `sum`, `min`, `max`, and for each bound how many were not above it: `le_0.5`, `le_+Inf`;
 * - of an exponential histogram `count`, `sum`, `min`, `max` and `zeroCount`;
 * - of a summary `count`, `sum`, and its quantiles: `q_0.99`.
 */
export function fieldsOf(kind: PointKind, point: JsonObject, nulled: (by: NulledBy) => void): Fields | Refusal {
  const flags = readInt64(point['flags']) ?? 0;
  const gone = flags % 2 === NO_RECORDED_VALUE;
  if (gone) nulled('stale');
  switch (kind) {
    case 'gauge':
    case 'sum':
      return readValue(point, gone, nulled);
    case 'histogram':
      return withBuckets(members(point, [COUNT, SUM, MIN, MAX], gone, nulled), point, gone);
    case 'exponentialHistogram':
      return members(point, [COUNT, SUM, MIN, MAX, ZERO_COUNT], gone, nulled);
    case 'summary':
      return withQuantiles(members(point, [COUNT, SUM], gone, nulled), point, nulled);
  }
}

function readValue(point: JsonObject, gone: boolean, nulled: (by: NulledBy) => void): Fields | Refusal {
  if (gone) return [['value', null]];
  const given = point['asDouble'] === undefined ? point['asInt'] : point['asDouble'];
  const value = point['asDouble'] === undefined ? readInt64(given) : readDouble(given);
  if (value !== undefined) return [['value', sayable(value, nulled)]];
  return malformed(`a data point must have asDouble or asInt, a number, got ${shown(given)}`);
}

function members(
  point: JsonObject,
  which: readonly { readonly name: string; readonly read: typeof readDouble }[],
  gone: boolean,
  nulled: (by: NulledBy) => void,
): Fields | Refusal {
  const fields: Fields = [];
  for (const { name, read } of which) {
    const given = point[name];
    // Whole numbers of 0 are left out by those who write JSON as protobuf is written.
    const value = given === undefined && name === 'count' ? 0 : given === undefined ? undefined : read(given);
    if (given !== undefined && value === undefined) return malformed(`${name} must be a number, got ${shown(given)}`);
    if (value !== undefined) fields.push([name, gone ? null : sayable(value, nulled)]);
  }
  return fields;
}

function withBuckets(fields: Fields | Refusal, point: JsonObject, gone: boolean): Fields | Refusal {
  if ('reason' in fields || gone) return fields;
  const counts = list(point['bucketCounts']).map(readInt64);
  const bounds = list(point['explicitBounds']).map(readDouble);
  if (counts.length === 0) return fields;
  if (counts.length !== bounds.length + 1) {
    return malformed(`${counts.length} bucketCounts do not fit ${bounds.length} explicitBounds: one more is needed`);
  }
  let upTo = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i];
    const bound = i < bounds.length ? bounds[i] : Number.POSITIVE_INFINITY;
    if (count === undefined || bound === undefined) return malformed('a bucket or a bound is no number');
    upTo += count;
    fields.push([`le_${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound}`, upTo]);
  }
  return fields;
}

function withQuantiles(fields: Fields | Refusal, point: JsonObject, nulled: (by: NulledBy) => void): Fields | Refusal {
  if ('reason' in fields) return fields;
  for (const each of list(point['quantileValues'])) {
    const quantile = isJsonObject(each) ? readDouble(each['quantile'] ?? 0) : undefined;
    const value = isJsonObject(each) ? readDouble(each['value'] ?? 0) : undefined;
    if (quantile === undefined || value === undefined) return malformed('a quantile is no number');
    fields.push([`q_${quantile}`, sayable(value, nulled)]);
  }
  return fields;
}

function sayable(value: number, nulled: (by: NulledBy) => void): number | null {
  if (Number.isFinite(value)) return value;
  nulled(Number.isNaN(value) ? 'nan' : 'infinite');
  return null;
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function malformed(message: string): Refusal {
  return { reason: 'malformed', message };
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}
