import { z } from 'zod';
import type { IngestAnswer, IngestExtra } from '../ingest-definition.ts';
import { errorAnswer } from './error-answer.ts';

const JSON_TYPE = 'application/json';
/** There are no databases here, so that making one succeeds: Telegraf asks for it before it writes. */
const CREATE = /^\s*(?:CREATE|ALTER)\s+(?:DATABASE|RETENTION\s+POLICY)\b/i;
const SHOW_DATABASES = /^\s*SHOW\s+DATABASES\b/i;

const query = z.object({ q: z.string().max(10_000).optional().describe('a statement of InfluxQL') });
const answer = { status: 200, contentType: JSON_TYPE, description: 'What InfluxDB would answer' };

/** What tools ask an InfluxDB beside writing to it. */
export const databaseExtras: readonly IngestExtra[] = [
  {
    method: 'GET',
    path: '/ping',
    summary: 'Answer a tool that asks whether an InfluxDB is there',
    query: z.object({}),
    answer: { status: 204, contentType: JSON_TYPE, description: 'It is' },
    handle: (_fields, version) => ({
      status: 204,
      contentType: JSON_TYPE,
      headers: { 'x-influxdb-version': `Tidewall ${version}`, 'x-influxdb-build': 'OSS' },
      body: '',
    }),
  },
  {
    method: 'POST',
    path: '/query',
    summary: 'Answer a tool that makes a database before it writes',
    query,
    takesForm: true,
    answer,
    handle: ({ q }) => answerQuery(q),
  },
  {
    method: 'GET',
    path: '/query',
    summary: 'Answer a tool that asks which databases there are',
    query,
    answer,
    handle: ({ q }) => answerQuery(q),
  },
];

function answerQuery(statement: string | undefined): IngestAnswer {
  if (statement === undefined) return errorAnswer(400, 'missing required parameter "q"');
  if (CREATE.test(statement)) return results({ statement_id: 0 });
  if (SHOW_DATABASES.test(statement)) {
    const series = [{ name: 'databases', columns: ['name'], values: [] }];
    return results({ statement_id: 0, series });
  }
  return errorAnswer(400, 'data is not queried here: topics are read at /api/topics, and followed');
}

function results(result: object): IngestAnswer {
  return { status: 200, contentType: JSON_TYPE, body: `${JSON.stringify({ results: [result] })}\n` };
}
