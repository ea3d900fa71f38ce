import { z } from 'zod';
import type { IngestAnswer, IngestDefinition } from '../ingest-definition.ts';
import { databaseExtras } from './database-calls.ts';
import { errorAnswer } from './error-answer.ts';
import { LineReader } from './line-reader.ts';
import { type Precision, TIME_UNITS } from './time-unit.ts';

const PRECISIONS = Object.keys(TIME_UNITS) as [Precision, ...Precision[]];

const query = z.object({
  precision: z.enum(PRECISIONS).default('ns').describe('in what the lines count their time'),
  db: z.string().optional().describe('is not looked at, like `rp`, `consistency`, `org`, `bucket`, `u` and `p`'),
});

/** Line protocol as Telegraf and the clients of InfluxDB 1 and 2 send it. */
export const definition: IngestDefinition = {
  kind: 'influx',
  path: '/api/ingest/influx',
  aliases: ['/write', '/api/v2/write'],
  summary: "Take measurements in InfluxDB's line protocol",
  description:
    'Each line that can be taken is; of the others the answer names the first few, with status 400 and ' +
    '`partial write: … dropped=<lines>` as InfluxDB 1 says it, so that nobody sends them again.',
  unit: 'line',
  contentTypes: ['text/plain'],
  anyContentType: true,
  encodings: ['identity', 'gzip'],
  query,
  success: { status: 204, contentType: 'application/json' },
  extras: databaseExtras,
  read(body, options, { textLength }) {
    const { precision } = options as z.infer<typeof query>;
    return new LineReader(body, TIME_UNITS[precision], textLength);
  },
  answer({ kept, refusals }): IngestAnswer {
    if (refusals.none) return { status: 204, contentType: 'application/json', body: '' };
    const what = refusals.sentence('line');
    // As InfluxDB says that points are older than it keeps them, which its tools pass over without alarm.
    const past = refusals.byReason.has('past') ? 'points beyond retention policy: ' : '';
    if (kept === 0) return errorAnswer(400, `${past}${what}`);
    return errorAnswer(400, `partial write: ${past}${what} dropped=${refusals.samples}`);
  },
  refuse: (failure, status) => errorAnswer(status, failure.message, failure.afterMs),
};
