import { isJsonObject } from '@tidewall/base';
import type { Need } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { keyIdSchema, keyNameSchema, secretSchema } from '../keys/key.ts';
import type { ApiContext } from './api-context.ts';
import { parseJsonBytes } from './json-text.ts';
import { type BoundRoute, defineRoute, jsonAnswer, type RouteBody } from './route.ts';

const noQuery = z.strictObject({});
const keyParams = z.strictObject({ id: z.string() });
const DAY_MS = 86_400_000;

const time = z.number().describe('ms since 1970');
const shownSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: time,
  disabled: z.boolean(),
  secrets: z
    .array(z.object({ createdAt: time, until: time.optional().describe('missing: until the key is rotated') }))
    .describe('those that are valid, the newest first; what they are is told once, when they are made'),
});
const toldSchema = shownSchema.extend({ secret: z.string().describe('is told this once') });

const newKeySchema = z.strictObject({
  id: keyIdSchema.optional().describe('made when absent'),
  secret: secretSchema.optional().describe('made when absent; give both to take over a pair that clients have already'),
  name: keyNameSchema.optional().describe('what you call it'),
});
const rotationSchema = z.strictObject({
  overlapMs: z
    .int()
    .min(0)
    .max(90 * DAY_MS)
    .default(DAY_MS)
    .describe('how long the secret that it has now stays valid; 0 ends all that it has'),
  secret: secretSchema.optional().describe('made when absent'),
});
const changeSchema = z.strictObject({ disabled: z.boolean() });

const editKey = ({ id }: z.output<typeof keyParams>): Need => ({ thing: 'keys', action: 'edit', name: id });

/** Keys that programs and screens sign with. Whoever has one may connect, so only this machine makes and lists them. */
export function keyRoutes({ keys }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/keys',
      summary: 'List the keys',
      description: 'Asked on the machine of the server alone, as all calls to keys.',
      params: z.strictObject({}),
      needs: () => ({ thing: 'keys', action: 'see', name: '#' }),
      query: noQuery,
      answer: {
        description: 'The keys, without their secrets',
        contentType: 'application/json',
        schema: z.object({ keys: z.array(shownSchema) }),
      },
      errors: ['permission_denied'],
      async handle() {
        return jsonAnswer({ keys: keys.list() });
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/keys',
      summary: 'Make a key',
      params: z.strictObject({}),
      needs: () => ({ thing: 'keys', action: 'edit', name: '#' }),
      query: noQuery,
      body: bodyOf(newKeySchema, 'what the key is; {} makes everything'),
      answer: { description: 'The key, with its secret', contentType: 'application/json', schema: toldSchema },
      errors: ['permission_denied', 'conflict', 'limit_exceeded', 'storage_full'],
      async handle(call) {
        return told(await keys.create(readBody(newKeySchema, call.body)));
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/keys/{id}/rotate',
      summary: 'Give a key a new secret',
      description:
        'The one that it has stays valid for `overlapMs`, so that clients can change over one after another.',
      params: keyParams,
      needs: editKey,
      query: noQuery,
      body: bodyOf(rotationSchema, 'how; {} is for a day'),
      answer: { description: 'The key, with its new secret', contentType: 'application/json', schema: toldSchema },
      errors: ['permission_denied', 'conflict', 'storage_full'],
      async handle(call) {
        const { overlapMs, secret } = readBody(rotationSchema, call.body);
        return told(await keys.rotate(call.params.id, overlapMs, secret));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/keys/{id}',
      summary: 'Let a key sign again, or not any more',
      description: 'Who is connected with a key that is disabled is disconnected within about a second.',
      params: keyParams,
      needs: editKey,
      query: noQuery,
      body: bodyOf(changeSchema, 'whether it is disabled'),
      answer: { description: 'The key', contentType: 'application/json', schema: shownSchema },
      errors: ['permission_denied', 'storage_full'],
      async handle(call) {
        return jsonAnswer(await keys.setDisabled(call.params.id, readBody(changeSchema, call.body).disabled));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/keys/{id}',
      summary: 'Delete a key',
      description: 'Who is connected with it is disconnected within about a second.',
      params: keyParams,
      needs: editKey,
      query: noQuery,
      answer: { description: 'It is gone', contentType: 'application/json', schema: z.object({}) },
      errors: ['permission_denied', 'storage_full'],
      async handle(call) {
        await keys.delete(call.params.id);
        return jsonAnswer({});
      },
    }),
  ];
}

function told(answer: object) {
  return { ...jsonAnswer(answer), headers: { 'cache-control': 'no-store' } };
}

function bodyOf(schema: z.ZodType, description: string): RouteBody {
  return { contentType: 'application/json', description, schema, read: 'whole', maxBytes: 4096, limitName: 'fixed' };
}

/** As `check`, but the value of a secret is not repeated. */
function readBody<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> {
  const { value } = bytes.length === 0 ? { value: {} } : parseJsonBytes(bytes, 'the body');
  if (!isJsonObject(value)) throw new TidewallError('bad_request', 'the body must be an object, like {}');
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = wrongPlaces(result.error.issues, value, schema, ['secret']);
  const path = pathText(first?.path ?? []);
  throw new TidewallError('bad_request', `${path} ${first?.says ?? 'is wrong'}`, { detail: { path } });
}
