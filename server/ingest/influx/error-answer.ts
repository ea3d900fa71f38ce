import type { IngestAnswer } from '../ingest-definition.ts';

/** By status, what version 2 of InfluxDB calls it. */
const CODES: Readonly<Record<number, string>> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'not found',
  409: 'conflict',
  413: 'request too large',
  415: 'invalid',
  503: 'unavailable',
  507: 'unavailable',
};

/** A refusal that clients of version 1 read as `error`, and those of version 2 as `code` and `message`. */
export function errorAnswer(status: number, message: string, afterMs = 0): IngestAnswer {
  return {
    status,
    contentType: 'application/json',
    headers: {
      'x-influxdb-error': message.slice(0, 200).replaceAll(/[^ -~]/g, '?'),
      ...(afterMs > 0 && { 'retry-after': String(Math.ceil(afterMs / 1000)) }),
    },
    body: `${JSON.stringify({ error: message, code: CODES[status] ?? 'internal error', message })}\n`,
  };
}
