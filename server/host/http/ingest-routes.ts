import {
  type IngestAnswer,
  type IngestDefinition,
  type IngestExtra,
  ingestDefinitions,
  UnsupportedType,
} from '@tidewall/ingest';
import type { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { subjectsOf } from '../rates/subjects.ts';
import type { ApiContext } from './api-context.ts';
import { type BoundRoute, defineRoute, type RouteAnswer } from './route.ts';

const noParams = z.strictObject({});
const prefix = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe('parts that the names of the topics have behind the first: `hall-1`');
const FORM_BYTES = 64 * 1024;
const UNSUPPORTED_MEDIA_TYPE = 415;

/** Taking what other people's tools send, each in its own protocol, and answering what it understands. */
export function ingestRoutes(context: ApiContext): BoundRoute[] {
  return ingestDefinitions.flatMap((definition) => [
    take(definition, context),
    ...definition.extras.map((extra) => answerExtra(definition, extra, context)),
  ]);
}

function take(definition: IngestDefinition, { ingest, ingestSettings, rates }: ApiContext): BoundRoute {
  const { path, aliases, summary, description, contentTypes, success, unit } = definition;
  return defineRoute({
    method: 'POST',
    path,
    aliases: aliases.map((alias) => path + alias),
    summary,
    description: `${description} Also at ${aliases.map((alias) => `\`${path}${alias}\``).join(', ')}.`,
    params: noParams,
    needs: 'hub',
    query: definition.query.extend({ prefix }),
    body: {
      contentType: contentTypes[0] ?? 'application/octet-stream',
      description: `one ${unit} or many, as they are sent and once they are unpacked`,
      schema: z.unknown(),
      read: 'stream',
      maxBytes: ingestSettings.bodyBytes,
      limitName: 'ingest.bodyBytes',
      takesEncodings: true,
    },
    answer: { ...success, description: 'All of it was taken', schema: z.unknown() },
    errors: ['permission_denied', 'limit_exceeded', 'storage_full', 'busy'],
    async handle({ query: given, stream, contentType, contentEncoding, principal, sentBytes }) {
      // Who does not say how much comes may send as much as is taken.
      const refusal = rates.take('publishBytes', subjectsOf(principal), sentBytes ?? ingestSettings.bodyBytes);
      if (refusal !== undefined) throw refusal;
      const { prefix: behind, ...options } = given as { readonly prefix?: string };
      const request = { principal, body: stream, contentType, contentEncoding, prefix: behind, options };
      return asRouteAnswer(definition.answer(await ingest.take(definition, request)));
    },
    refuse: (failure, status) => refuse(definition, failure, status),
  });
}

function answerExtra(definition: IngestDefinition, extra: IngestExtra, { version }: ApiContext): BoundRoute {
  const { method, path, summary, query, takesForm, answer } = extra;
  return defineRoute({
    method,
    path: definition.path + path,
    summary,
    params: noParams,
    needs: 'everybody',
    query,
    ...(takesForm && {
      body: {
        contentType: 'application/x-www-form-urlencoded',
        description: 'the same as in the query',
        schema: z.unknown(),
        read: 'whole' as const,
        maxBytes: FORM_BYTES,
        limitName: 'a form',
      },
    }),
    answer: { ...answer, schema: z.unknown() },
    errors: ['busy'],
    async handle({ query: given, body }) {
      const form = Object.fromEntries(new URLSearchParams(Buffer.from(body).toString()));
      return asRouteAnswer(extra.handle({ ...form, ...(given as Record<string, string>) }, version));
    },
    refuse: (failure, status) => refuse(definition, failure, status),
  });
}

function refuse(definition: IngestDefinition, failure: TidewallError, status: number): RouteAnswer {
  const known = failure instanceof UnsupportedType ? UNSUPPORTED_MEDIA_TYPE : status;
  return asRouteAnswer(definition.refuse(failure, known));
}

function asRouteAnswer({ status, contentType, headers, body }: IngestAnswer): RouteAnswer {
  return { status, contentType, body, ...(headers !== undefined && { headers }) };
}
