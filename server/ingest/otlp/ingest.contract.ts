import type { JsonObject, JsonValue } from '@tidewall/base';
import type { CaseAnswer, CaseRequest, CaseSample, IngestCase } from '../ingest-case.contract.ts';

const headers = { 'content-type': 'application/json' };
const request = (body: string | Uint8Array): CaseRequest => ({ body: Buffer.from(body as string), headers });
const T = '1700000000000000000';

/** A request with these metrics of one resource. */
export function exportRequest(metrics: readonly JsonValue[], resource: JsonObject = {}): JsonObject {
  const scopeMetrics = [{ scope: { name: 'test' }, metrics: [...metrics] }];
  return { resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics }] };
}

/** Texts as attributes. */
export function attributes(values: JsonObject): JsonValue {
  return Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
}

function metric({ name, labels, t, value }: CaseSample): JsonObject {
  const point = { timeUnixNano: String(BigInt(t) * 1_000_000n), asDouble: value, attributes: attributes(labels) };
  return { name, unit: '1', gauge: { dataPoints: [point] } };
}

function rejected(answer: CaseAnswer): { rejectedDataPoints?: unknown; errorMessage?: unknown } | undefined {
  if (answer.status !== 200) return undefined;
  return (JSON.parse(answer.body) as { partialSuccess?: object }).partialSuccess;
}

const broken = { name: 'broken', gauge: { dataPoints: [{ timeUnixNano: 'x', asDouble: 1 }] } };
const buckets = { bucketCounts: ['1', '2', '0'], explicitBounds: [0.5, 1], min: 0.1, max: 0.9 };
const quantileValues = [
  { quantile: 0.5, value: 1 },
  { quantile: 1, value: 'NaN' },
];
const ingestCase: IngestCase = {
  encode: (samples) => request(JSON.stringify(exportRequest(samples.map(metric)))),
  encodeMixed: (samples) =>
    request(JSON.stringify(exportRequest(samples.flatMap((sample) => [broken, metric(sample)])))),
  unreadable: {
    'nothing at all': [request(''), /not JSON/],
    'no JSON': [request('{"resourceMetrics":'), /not JSON/],
    'a list': [request('[]'), /must be an object/],
    'no list': [request('{"resourceMetrics":5}'), /with a list resourceMetrics/],
    'what is not UTF-8': [request(Buffer.from('{"a":"\xff"}', 'latin1')), /not UTF-8/],
    'what nests too deep': [request('['.repeat(10_000)), /nests deeper/],
  },
  wellFormed: [
    exportRequest([
      {
        name: 'a',
        gauge: {
          dataPoints: [
            { timeUnixNano: T, asInt: '5' },
            { timeUnixNano: T, flags: 1 },
          ],
        },
      },
    ]),
    exportRequest(
      [{ name: 'b', sum: { isMonotonic: true, dataPoints: [{ timeUnixNano: T, asDouble: 'Infinity' }] } }],
      { host: 'a' },
    ),
    exportRequest([{ name: 'c', histogram: { dataPoints: [{ timeUnixNano: T, count: '3', sum: 1.5, ...buckets }] } }]),
    exportRequest([
      { name: 'd', exponentialHistogram: { dataPoints: [{ timeUnixNano: T, count: '3', zeroCount: '1' }] } },
    ]),
    exportRequest([{ name: 'e', summary: { dataPoints: [{ timeUnixNano: T, count: '3', sum: 2, quantileValues }] } }]),
    {},
  ].map((body) => request(JSON.stringify(body))),
  isSuccess: ({ status, body }) => status === 200 && body === '{}',
  isPartial(answer, refused) {
    const { rejectedDataPoints, errorMessage } = rejected(answer) ?? {};
    return rejectedDataPoints === String(refused) && typeof errorMessage === 'string' && errorMessage !== '';
  },
  messageOf(answer) {
    if (answer.contentType?.split(';')[0] !== 'application/json') return undefined;
    const { code, message } = JSON.parse(answer.body) as { code?: unknown; message?: unknown };
    const partial = rejected(answer)?.errorMessage;
    return typeof partial === 'string'
      ? partial
      : Number.isInteger(code) && typeof message === 'string'
        ? message
        : undefined;
  },
  isRetried: ({ status }) => [429, 502, 503, 504].includes(status),
};

export default ingestCase;
