import type { Principal } from '@tidewall/contracts';
import { type ErrorName, KINDS, OPERATIONS, type Since, TidewallError, writeHistory } from '@tidewall/protocol';
import { z } from 'zod';
import { nearestNames } from '../nearest-name.ts';
import { countError } from './answer-errors.ts';
import type { ApiContext } from './api-context.ts';
import { matchesEtag } from './etag.ts';
import { parseJsonBytes } from './json-text.ts';
import { publishMany } from './publish-many.ts';
import { type BoundRoute, defineRoute, jsonAnswer } from './route.ts';
import {
  errorSchema,
  historySchema,
  positionSchema,
  presenceSchema,
  snapshotSchema,
  topicListSchema,
} from './schemas.ts';

const topicParams = z.strictObject({ topic: z.string().describe("the topic's name, with its slashes") });
const noParams = z.strictObject({});
const noQuery = z.strictObject({});
/** What surrounds the data in a line of many: the topic's name and the rest. */
const ENVELOPE_BYTES = 4096;
/** Only so many names are compared with one that was not found. */
const MAX_NAMES_COMPARED = 1000;

/** Publishing, reading and listing topics. */
export function topicRoutes(context: ApiContext): BoundRoute[] {
  return [
    publishOne(context),
    publishLines(context),
    readTopic(context),
    deleteTopic(context),
    readPresence(context),
    listTopics(context),
  ];
}

function publishOne({ hub, limits }: ApiContext): BoundRoute {
  return defineRoute({
    method: 'POST',
    path: '/api/topics/{topic}',
    summary: 'Publish to a topic',
    description:
      'The body is the data as JSON, whatever content type it is said to be. Answers the position once it is kept. ' +
      'At an element of a screen (`screens/<screen>/elements/<element>`) the kind is always `state`, and `kind` does not matter.',
    params: topicParams,
    needs: 'hub',
    query: z.strictObject({
      op: z.enum(OPERATIONS).optional().describe("the kind's first operation when absent"),
      kind: z.enum(KINDS).optional().describe('the kind that a new topic gets; an existing one must be of it'),
      at: z.coerce.number().min(0).max(8.64e15).optional().describe('when the source saw it, ms since 1970'),
    }),
    body: {
      contentType: 'application/json',
      description: 'the data',
      schema: z.unknown(),
      read: 'whole',
      maxBytes: limits.publicationBytes,
      limitName: 'limits.publicationBytes',
    },
    takesKey: true,
    answer: { description: 'Kept, with this position', contentType: 'application/json', schema: positionSchema },
    errors: [
      'permission_denied',
      'wrong_kind',
      'shape_mismatch',
      'limit_exceeded',
      'unknown_screen',
      'unknown_component',
      'conflict',
      'storage_full',
      'busy',
    ],
    async handle({ params, query, body, key, principal }) {
      const { text, value } = parseJsonBytes(body, 'the body');
      const position = await hub.publish(principal, { topic: params.topic, ...query, data: value, json: text, key });
      return jsonAnswer({ epoch: position.epoch, offset: position.offset });
    },
  });
}

function publishLines({ hub, limits, http, log, meter }: ApiContext): BoundRoute {
  const line = z.object({
    topic: z.string(),
    op: z.enum(OPERATIONS).optional(),
    kind: z.enum(KINDS).optional(),
    data: z.unknown(),
    at: z.number().optional(),
    key: z.string().optional().describe('publishing again with the same key changes nothing'),
  });
  return defineRoute({
    method: 'POST',
    path: '/api/publish',
    summary: 'Publish many, a line each',
    description:
      'Publications are taken in the order of the lines, and answered in it, while lines still come in. A bad line gets ' +
      'its error and stops no other. A request lasts at most `http.requestTimeoutMs`; send what comes later in another.',
    params: noParams,
    needs: 'hub',
    query: noQuery,
    body: {
      contentType: 'application/x-ndjson',
      description: 'one JSON object a line',
      schema: line,
      read: 'stream',
      maxBytes: http.bodyBytes,
      limitName: 'http.bodyBytes',
    },
    answer: {
      description: 'For each line that is not blank, its position or its error',
      contentType: 'application/x-ndjson',
      schema: z.union([positionSchema, errorSchema]),
    },
    errors: ['limit_exceeded', 'busy'],
    async handle({ stream, principal }) {
      const lineBytes = limits.publicationBytes + ENVELOPE_BYTES;
      const refused = (name: ErrorName) => countError(meter, '/api/publish', name);
      const options = { hub, principal, log, lineBytes, bodyBytes: http.bodyBytes, refused };
      return { body: await publishMany(stream, options) };
    },
  });
}

function readTopic(context: ApiContext): BoundRoute {
  const { hub } = context;
  return defineRoute({
    method: 'GET',
    path: '/api/topics/{topic}',
    summary: 'Read what a topic holds, or what was published since a position',
    description:
      'Without `since`: the snapshot, with an ETag of its position, so that polling costs a 304 while nothing changes. ' +
      'A topic that has turned late, stale or failed has another ETag than while it was fresh. With `since`: the history.',
    params: topicParams,
    needs: 'hub',
    query: z.strictObject({
      since: z.string().transform(parseSince).optional().describe('<epoch>:<offset>; answers what came after it'),
      limit: z.coerce.number().int().min(1).optional().describe('entries of the history at most'),
      reverse: z.enum(['true', 'false']).optional().describe('newest first'),
    }),
    answer: {
      description: 'The snapshot, or the history when since, limit or reverse is given',
      contentType: 'application/json',
      schema: z.union([snapshotSchema, historySchema]),
    },
    errors: ['unknown_topic', 'permission_denied', 'unrecoverable_position'],
    async handle({ params, query, ifNoneMatch, principal }) {
      const { topic } = params;
      const { since, limit, reverse } = query;
      return withNearest(context, principal, topic, async () => {
        if (since !== undefined || limit !== undefined || reverse !== undefined) {
          const page = await hub.history(principal, { topic, since, limit, reverse: reverse === 'true' });
          return { body: writeHistory(page) };
        }
        const snapshot = await hub.snapshot(principal, topic);
        const { epoch, offset, kind, freshness } = snapshot;
        const aged = freshness.state === 'ok' || freshness.state === 'quiet' ? '' : `-${freshness.state}`;
        const etag = `"${epoch}-${offset}${aged}"`;
        const headers = { etag, 'cache-control': 'no-cache' };
        if (matchesEtag(ifNoneMatch, etag)) return { status: 304, headers, body: '' };
        const head = JSON.stringify({ topic: snapshot.topic, kind, epoch, offset, freshness });
        return { headers, body: `${head.slice(0, -1)},"data":${snapshot.json ?? 'null'}}` };
      });
    },
  });
}

function deleteTopic(context: ApiContext): BoundRoute {
  return defineRoute({
    method: 'DELETE',
    path: '/api/topics/{topic}',
    summary: 'Let a topic go with all that is kept of it',
    description: 'Its subscribers are told to ask again. What is published to it later begins anew.',
    params: topicParams,
    needs: 'hub',
    query: noQuery,
    answer: { description: 'It is gone', contentType: 'application/json', schema: z.object({}) },
    errors: ['unknown_topic', 'permission_denied', 'conflict'],
    async handle({ params, principal }) {
      await withNearest(context, principal, params.topic, () => context.hub.forget(principal, params.topic));
      return jsonAnswer({});
    },
  });
}

function readPresence(context: ApiContext): BoundRoute {
  return defineRoute({
    method: 'GET',
    // Not below the topic's own address, where it could not be told from a topic of that name.
    path: '/api/presence/{topic}',
    summary: 'Tell who follows a topic',
    params: topicParams,
    needs: 'hub',
    query: noQuery,
    answer: { description: 'How many there are, and who', contentType: 'application/json', schema: presenceSchema },
    errors: ['unknown_topic', 'permission_denied'],
    handle: ({ params, principal }) =>
      withNearest(context, principal, params.topic, async () =>
        jsonAnswer(await context.hub.presence(principal, params.topic)),
      ),
  });
}

function listTopics({ hub, clock }: ApiContext): BoundRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/topics',
    summary: 'List the topics that there are',
    params: noParams,
    needs: 'shown',
    query: noQuery,
    answer: { description: 'The topics, by name', contentType: 'application/json', schema: topicListSchema },
    errors: [],
    async handle({ principal }) {
      const topics = [...hub.topics(principal)].sort((a, b) => (a.topic < b.topic ? -1 : 1));
      return jsonAnswer({ now: clock.now(), topics });
    },
  });
}

/** Adds to "unknown topic" what was probably meant. */
async function withNearest<T>(
  { hub }: ApiContext,
  principal: Principal,
  topic: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (failure) {
    if (!(failure instanceof TidewallError) || failure.kind !== 'unknown_topic') throw failure;
    const names = hub.topics(principal).slice(0, MAX_NAMES_COMPARED);
    const nearest = nearestNames(
      topic,
      names.map((row) => row.topic),
      3,
    );
    if (nearest.length === 0) throw failure;
    throw new TidewallError('unknown_topic', `${failure.message}; did you mean ${nearest.join(' or ')}?`, {
      detail: { ...failure.detail, nearest },
      cause: failure,
    });
  }
}

function parseSince(text: string, context: z.core.$RefinementCtx<string>): Since {
  const colon = text.lastIndexOf(':');
  const epoch = text.slice(0, Math.max(0, colon));
  const offset = text.slice(colon + 1);
  if (epoch !== '' && /^\d{1,15}$/.test(offset)) return { epoch, offset: Number(offset) };
  context.addIssue({ code: 'custom', message: 'must look like <epoch>:<offset>', input: text });
  return z.NEVER;
}
