import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { FieldValue } from '../field.ts';
import type { NulledBy } from '../ingest-definition.ts';
import type { Label } from '../label-set.ts';
import type { Refusal } from '../refusals.ts';
import { labelsOf } from './attributes.ts';
import { fieldsOf, type PointKind } from './fields.ts';
import { nanosToMs } from './scalars.ts';

/** One data point: a sample with the fields that its metric's type has. */
export interface DataPoint {
  readonly name: string;
  readonly labels: readonly Label[];
  readonly t: number;
  readonly fields: readonly (readonly [name: string, value: FieldValue])[];
  readonly nulled: readonly NulledBy[];
}

const POINT_KINDS: readonly PointKind[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

/** Of a resource, what says by which library it is measured tells no series from another. */
const NO_LABEL = /^telemetry\.sdk\./;

const MALFORMED = (message: string): Refusal => ({ reason: 'malformed', message });

/** The data points of an `ExportMetricsServiceRequest`, in its order, or why one is none. What is not known is passed over. */
export function* dataPoints(request: JsonObject): Generator<DataPoint | Refusal, void> {
  for (const resourceMetrics of objects(request['resourceMetrics'])) {
    const { resource } = resourceMetrics;
    const ofResource = labelsOf(isJsonObject(resource) ? resource['attributes'] : undefined);
    const shared = 'reason' in ofResource ? ofResource : ofResource.filter(({ name }) => !NO_LABEL.test(name));
    for (const scopeMetrics of objects(resourceMetrics['scopeMetrics'])) {
      for (const metric of objects(scopeMetrics['metrics'])) yield* pointsOf(metric, shared);
    }
  }
}

function* pointsOf(metric: JsonObject, shared: readonly Label[] | Refusal): Generator<DataPoint | Refusal, void> {
  const { name } = metric;
  const kind = POINT_KINDS.find((each) => isJsonObject(metric[each]));
  if (kind === undefined) return;
  for (const point of objects((metric[kind] as JsonObject)['dataPoints'])) {
    if ('reason' in shared) yield shared as Refusal;
    else if (typeof name !== 'string') yield MALFORMED('its metric has no name');
    else yield readPoint(name, kind, point, shared as readonly Label[]);
  }
}

function readPoint(name: string, kind: PointKind, point: JsonObject, shared: readonly Label[]): DataPoint | Refusal {
  const own = labelsOf(point['attributes']);
  if ('reason' in own) return own;
  const t = nanosToMs(point['timeUnixNano']);
  if (t === undefined) return MALFORMED(`timeUnixNano must be a whole number, got ${shown(point['timeUnixNano'])}`);
  const nulled: NulledBy[] = [];
  const fields = fieldsOf(kind, point, (by) => nulled.push(by));
  if ('reason' in fields) return fields as Refusal;
  const names = new Set(own.map((label) => label.name));
  // What a point says of itself counts before what is said of its resource.
  const labels = [...shared.filter((label) => !names.has(label.name)), ...own];
  return { name, labels, t, fields: fields as DataPoint['fields'], nulled };
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}
