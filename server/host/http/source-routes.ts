import { isJsonObject, type JsonObject } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { SLUG } from '@tidewall/screen/schema';
import { settingsJsonSchema } from '@tidewall/sources';
import { z } from 'zod';
import { pathOfPrototype } from '../prototype-name.ts';
import type { WantedSource } from '../sources/source-store.ts';
import type { ApiContext } from './api-context.ts';
import { parseJsonBytes } from './json-text.ts';
import { type BoundRoute, check, defineRoute, jsonAnswer, type RouteBody, type RouteCall } from './route.ts';

const nothing = z.strictObject({});
const nameParams = z.strictObject({ name: z.string() });
const HERE = 'On the machine of the server alone.';
/** Settings are text that people write. */
const MOST_BYTES = 256 * 1024;

const nameSchema = z.string().regex(SLUG);
const shownSchema = z.object({
  name: z.string(),
  kind: z.string(),
  from: z.enum(['file', 'api']).describe('where it is written: the configuration of the server, or the API'),
  settings: z.record(z.string(), z.unknown()).describe('secrets are `(unchanged)`, and stay when that is sent back'),
});
const previewSchema = z.object({
  ok: z.boolean(),
  error: z.string().optional().describe('what failed, and the cure'),
  topics: z.array(
    z.object({
      topic: z.string(),
      kind: z.string(),
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: z.array(z.unknown()),
      rowCount: z.number(),
    }),
  ),
  firstMs: z.number().optional().describe('until the first of its data'),
  tookMs: z.number(),
  refusals: z.number().describe('rows that were refused'),
  refused: z.array(z.string()).describe('why the first of them were'),
});
const trialSchema = z.looseObject({
  name: nameSchema
    .optional()
    .describe(
      'one that there is: its settings where none are given, those of its secrets that are `(unchanged)`, of one of the API',
    ),
  kind: z.string().optional(),
  params: z.record(z.string(), z.string()).optional().describe('values of parameters'),
  rows: z.int().min(0).max(1000).optional().describe('rows that are told; 50 when absent'),
  timeoutMs: z.int().min(100).max(60_000).optional(),
  settings: z.record(z.string(), z.unknown()).optional().describe('everything but the kind'),
});

/** Sources: those of the configuration's file are shown, those of the API are made, changed and tried. */
export function sourceRoutes({ sources }: ApiContext): BoundRoute[] {
  const trial = (
    { body, gone: signal }: Pick<RouteCall<unknown, unknown>, 'body' | 'gone'>,
    only?: { rows: number },
  ) => {
    const { name = 'preview', kind, params, rows, timeoutMs, settings } = check(trialSchema, objectOf(body));
    const wanted = kind === undefined ? undefined : { kind, settings: (settings ?? {}) as JsonObject };
    if (wanted === undefined && settings !== undefined) {
      throw new TidewallError('bad_request', 'settings need the kind that they are of');
    }
    const options = { signal, ...(params && { params }), ...(rows !== undefined && { rows }), ...only };
    return sources.preview(name, wanted, { ...options, ...(timeoutMs !== undefined && { timeoutMs }) });
  };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/sources',
      summary: 'List the sources and how they are',
      params: nothing,
      needs: 'shown',
      query: nothing,
      answer: {
        description: 'The sources, by name',
        contentType: 'application/json',
        schema: z.object({ sources: z.array(z.looseObject({ name: z.string() })) }),
      },
      errors: [],
      handle: async ({ may }) =>
        jsonAnswer({ sources: sources.list().filter(({ name }) => may({ thing: 'sources', action: 'see', name })) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/source-kinds',
      summary: 'List the kinds of source, with the JSON Schema of what can be set',
      params: nothing,
      needs: () => ({ thing: 'sources', action: 'see', name: '#' }),
      query: nothing,
      answer: {
        description: 'The kinds',
        contentType: 'application/json',
        schema: z.object({ kinds: z.array(z.looseObject({ kind: z.string() })) }),
      },
      errors: [],
      handle: async () =>
        jsonAnswer({
          kinds: sources.kinds.map((definition) => ({
            kind: definition.kind,
            takesParams: definition.takesParams ?? false,
            secrets: definition.secrets,
            ...(definition.reaches !== undefined && { reaches: definition.reaches }),
            ...(definition.example !== undefined && { example: definition.example }),
            schema: settingsJsonSchema(definition),
          })),
        }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/sources',
      summary: 'Make a source',
      description: HERE,
      params: nothing,
      needs: () => ({ thing: 'sources', action: 'edit', name: '#' }),
      query: nothing,
      body: bodyOf('its name and kind, and the settings of that kind beside them'),
      answer: { description: 'The source', contentType: 'application/json', schema: shownSchema },
      errors: ['permission_denied', 'conflict', 'limit_exceeded', 'storage_full'],
      async handle(call) {
        const { name, ...rest } = objectOf(call.body);
        return jsonAnswer(
          await sources.put(check(z.object({ name: nameSchema }), { name }).name, wantedOf(rest), true),
        );
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/sources/test',
      summary: 'Try whether a source works',
      description: `Runs it for a moment beside all others; nothing is published. ${HERE}`,
      params: nothing,
      needs: () => ({ thing: 'sources', action: 'edit', name: '#' }),
      query: nothing,
      body: bodyOf('as for a preview'),
      answer: { description: 'Whether it works', contentType: 'application/json', schema: previewSchema },
      errors: ['permission_denied', 'busy'],
      async handle(call) {
        return jsonAnswer(await trial(call, { rows: 0 }));
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/sources/preview',
      summary: 'See what a source brings: rows, their types, and how long it took',
      description: `Runs it for a moment beside all others; nothing is published. ${HERE}`,
      params: nothing,
      needs: () => ({ thing: 'sources', action: 'edit', name: '#' }),
      query: nothing,
      body: bodyOf(
        '`{"name"}` of one that there is, or `{"kind", "settings"}`; `params`, `rows`, `timeoutMs` when wanted',
      ),
      answer: {
        description: 'What it brings, or why it does not',
        contentType: 'application/json',
        schema: previewSchema,
      },
      errors: ['permission_denied', 'busy'],
      async handle(call) {
        return jsonAnswer(await trial(call));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/sources/{name}',
      summary: 'Show how a source is set, without its secrets',
      description: HERE,
      params: nameParams,
      needs: ({ name }) => ({ thing: 'sources', action: 'edit', name }),
      query: nothing,
      answer: { description: 'The source', contentType: 'application/json', schema: shownSchema },
      errors: ['permission_denied'],
      async handle(call) {
        return jsonAnswer(sources.show(call.params.name));
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/sources/{name}',
      summary: 'Make a source, or set another one in its place',
      description: `A secret that is sent as \`(unchanged)\` stays what it is. ${HERE}`,
      params: nameParams,
      needs: ({ name }) => ({ thing: 'sources', action: 'edit', name }),
      query: nothing,
      body: bodyOf('its kind, and the settings of that kind beside it'),
      answer: { description: 'The source', contentType: 'application/json', schema: shownSchema },
      errors: ['permission_denied', 'conflict', 'limit_exceeded', 'storage_full'],
      async handle(call) {
        const { name } = check(z.object({ name: nameSchema }), call.params, 'path');
        return jsonAnswer(await sources.put(name, wantedOf(objectOf(call.body)), false));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/sources/{name}',
      summary: 'Take a source away; what its topics hold stays',
      description: HERE,
      params: nameParams,
      needs: ({ name }) => ({ thing: 'sources', action: 'edit', name }),
      query: nothing,
      answer: { description: 'It is gone', contentType: 'application/json', schema: z.object({}) },
      errors: ['permission_denied', 'conflict', 'storage_full'],
      async handle(call) {
        await sources.delete(call.params.name);
        return jsonAnswer({});
      },
    }),
  ];
}

function objectOf(body: Uint8Array): JsonObject {
  const { value } = parseJsonBytes(body, 'the body');
  if (!isJsonObject(value))
    throw new TidewallError('bad_request', 'the body must be an object, like {"kind": "http", …}');
  const path = pathOfPrototype(value);
  // A record of the schema would leave it out without a word.
  if (path !== undefined) {
    throw new TidewallError('bad_request', `${path} is unknown: no setting can be called __proto__`, {
      detail: { path },
    });
  }
  return value;
}

function wantedOf({ kind, ...settings }: JsonObject): WantedSource {
  return { kind: check(z.object({ kind: z.string().min(1) }), { kind }).kind, settings: settings as JsonObject };
}

function bodyOf(description: string): RouteBody {
  return {
    ...{ contentType: 'application/json', description, schema: z.record(z.string(), z.unknown()), read: 'whole' },
    ...{ maxBytes: MOST_BYTES, limitName: 'fixed' },
  };
}
