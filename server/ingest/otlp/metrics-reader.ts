import { isJsonObject, type JsonValue, parseJson } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import type { Field, FieldValue } from '../field.ts';
import type { IngestReader, SampleSink } from '../ingest-definition.ts';
import type { Label } from '../label-set.ts';
import type { Refusal } from '../refusals.ts';
import { Series } from '../series.ts';
import { type DataPoint, dataPoints } from './metrics.ts';

/** The data points of a request in the JSON form of OTLP. */
export class MetricsReader implements IngestReader {
  readonly #points: Generator<DataPoint | Refusal, void>;

  /** @throws TidewallError bad_request when it is not JSON, or no object */
  constructor(bytes: Buffer) {
    const request = parse(bytes);
    if (!isJsonObject(request) || !Array.isArray(request['resourceMetrics'] ?? [])) {
      throw new TidewallError('bad_request', 'the body must be an object with a list resourceMetrics');
    }
    this.#points = dataPoints(request);
  }

  read(sink: SampleSink, most: number): boolean {
    for (let left = most; left > 0; left--) {
      const { done, value } = this.#points.next();
      if (done === true) return false;
      sink.next();
      const refusal = 'reason' in value ? value : put(sink, value);
      if (refusal !== undefined) sink.refuse(refusal);
    }
    return true;
  }
}

function put(sink: SampleSink, { name, labels, t, fields, nulled }: DataPoint): Refusal | undefined {
  const raw = rawName(name, labels);
  const series = sink.find(raw) ?? sink.open(raw, name, labels);
  if (!(series instanceof Series)) return series;
  const found: Field[] = [];
  const values: FieldValue[] = [];
  for (const [fieldName, value] of fields) {
    const field = sink.field(series, fieldName, fieldName);
    if ('reason' in field) return field;
    found.push(field);
    values.push(value);
  }
  for (const by of nulled) sink.nulled(by);
  sink.take(series, t, found, values, found.length);
  return undefined;
}

/** A name and its labels in one text; what separates them stands in none of them as it is. */
function rawName(name: string, labels: readonly Label[]): string {
  let raw = JSON.stringify(name);
  for (const label of labels) raw += `${JSON.stringify(label.name)}${JSON.stringify(label.value)}`;
  return raw;
}

function parse(bytes: Buffer): JsonValue {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : 'it is not UTF-8';
    throw new TidewallError('bad_request', `the body is not JSON: ${reason.slice(0, 200)}`, { cause });
  }
}
