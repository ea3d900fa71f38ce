import { z } from 'zod';
import type { IngestAnswer, IngestDefinition } from '../ingest-definition.ts';
import { MetricsReader } from './metrics-reader.ts';

const JSON_TYPE = 'application/json';

/** By status, the code of gRPC that says the same. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 403: 7, 404: 5, 409: 9, 413: 8, 415: 3, 503: 14 };
const INTERNAL = 13;

/** OTLP over HTTP in its JSON form, metrics alone. */
export const definition: IngestDefinition = {
  kind: 'otlp',
  path: '/api/ingest/otlp',
  aliases: ['/v1/metrics'],
  summary: 'Take metrics of OpenTelemetry (OTLP/JSON)',
  description:
    'Gauges, sums, histograms and summaries. Data points that cannot be taken are counted in `partialSuccess`, as OTLP ' +
    'has it. The binary form is answered 415: the exporter needs `encoding: json`.',
  unit: 'data point',
  contentTypes: [JSON_TYPE],
  anyContentType: false,
  encodings: ['identity', 'gzip'],
  query: z.object({}),
  success: { status: 200, contentType: JSON_TYPE },
  extras: [],
  read: (body) => new MetricsReader(body),
  answer({ refusals }) {
    if (refusals.none) return answer(200, {});
    const errorMessage = refusals.sentence('data point');
    return answer(200, { partialSuccess: { rejectedDataPoints: String(refusals.samples), errorMessage } });
  },
  refuse({ message, afterMs }, status) {
    // No other status above 499 is sent again.
    const known = status === 507 ? 503 : status;
    return answer(known, { code: CODES[known] ?? INTERNAL, message }, afterMs);
  },
};

function answer(status: number, body: object, afterMs = 0): IngestAnswer {
  const headers: Record<string, string> = afterMs > 0 ? { 'retry-after': String(Math.ceil(afterMs / 1000)) } : {};
  return { status, contentType: JSON_TYPE, headers, body: JSON.stringify(body) };
}
