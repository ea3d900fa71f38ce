import { z } from 'zod';
import type { IngestAnswer, IngestDefinition } from '../ingest-definition.ts';
import { WriteRequestReader } from './write-request.ts';

const PLAIN = 'text/plain; charset=utf-8';

/** Remote write 1.0, as Prometheus and those who send like it. */
export const definition: IngestDefinition = {
  kind: 'prometheus',
  path: '/api/ingest/prometheus',
  aliases: ['/api/v1/write'],
  summary: "Take samples of Prometheus' remote write 1.0",
  description:
    'Each sample that can be taken is. When some cannot, the answer is 400 all the same, which Prometheus does not send ' +
    'again; 503 and 507 it does.',
  unit: 'sample',
  contentTypes: ['application/x-protobuf', 'application/x-protobuf;proto=prometheus.writerequest'],
  anyContentType: false,
  encodings: ['snappy', 'gzip'],
  query: z.object({}),
  success: { status: 204, contentType: PLAIN },
  extras: [],
  read: (body) => new WriteRequestReader(body),
  answer({ refusals }) {
    return refusals.none ? answer(204, '') : answer(400, refusals.sentence('sample'));
  },
  refuse: ({ message, afterMs }, status) => answer(status, message, afterMs),
};

/** Prometheus logs the first line of what is answered. */
function answer(status: number, line: string, afterMs = 0): IngestAnswer {
  const headers: Record<string, string> = afterMs > 0 ? { 'retry-after': String(Math.ceil(afterMs / 1000)) } : {};
  return { status, contentType: PLAIN, headers, body: line === '' ? '' : `${line.replaceAll(/[\r\n]+/g, ' ')}\n` };
}
