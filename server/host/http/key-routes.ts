import { isJsonObject } from '@tidewall/base';
import type { Need, Rule } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import {
  type KeyRights,
  keyIdSchema,
  keyNameSchema,
  keyRolesSchema,
  keyRulesSchema,
  secretSchema,
  USUAL_ROLES,
} from '../keys/key.ts';
import type { ApiContext } from './api-context.ts';
import { parseJsonBytes } from './json-text.ts';
import { type BoundRoute, defineRoute, jsonAnswer, type RouteBody, type RouteCall, requireRight } from './route.ts';

const noQuery = z.strictObject({});
const keyParams = z.strictObject({ id: z.string() });
const DAY_MS = 86_400_000;
const BODY_BYTES = 64 * 1024;

const time = z.number().describe('ms since 1970');
const shownSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: time,
  disabled: z.boolean(),
  roles: keyRolesSchema,
  rules: z.array(z.looseObject({})).describe('what it may do beside what its roles may'),
  bearer: z.boolean().describe('whether its secret may be shown as it is; otherwise it only signs'),
  expiresAt: time.optional().describe('missing: it does not expire'),
  lastUsedAt: time.optional().describe('missing: never'),
  secrets: z
    .array(z.object({ createdAt: time, until: time.optional().describe('missing: until the key is rotated') }))
    .describe('those that are valid, the newest first; what they are is told once, when they are made'),
});
const toldSchema = shownSchema.extend({ secret: z.string().describe('is told this once') });

const said = {
  name: keyNameSchema.optional().describe('what you call it'),
  roles: keyRolesSchema.optional(),
  rules: keyRulesSchema
    .optional()
    .describe('what it may do beside what its roles may: `{"topics":"sales/#","may":["publish"]}`'),
  bearer: z.boolean().optional().describe('whether its secret may be shown as it is; otherwise it only signs'),
};
const newKeySchema = z.strictObject({
  ...said,
  // `Bearer local:…` is what the commands of the machine show.
  id: keyIdSchema
    .refine((id) => id !== 'local', { error: 'must not be local, which has a meaning already' })
    .optional()
    .describe('made when absent'),
  secret: secretSchema.optional().describe('made when absent; give both to take over a pair that clients have already'),
  expiresAt: time.optional().describe('ms since 1970; it does not expire when absent'),
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
const changeSchema = z
  .strictObject({
    ...said,
    expiresAt: time.nullable().optional().describe('null: it does not expire'),
    disabled: z.boolean().optional().describe('lets nobody in as long as this is so'),
  })
  .refine((change) => Object.keys(change).length > 0, { error: 'must say what changes, like {"disabled":true}' });

const editKey = ({ id }: z.output<typeof keyParams>): Need => ({ thing: 'keys', action: 'edit', name: id });

/** The keys of programs and screens. */
export function keyRoutes({ keys }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/keys',
      summary: 'List the keys',
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
      description:
        'Without `roles` it may read and publish all topics; with `rules` and without `roles`, what these say and no more. ' +
        'A secret that is made here may be shown (`Authorization: Bearer <id>:<secret>`) unless `bearer` is false; one that ' +
        'is taken over only signs unless it is true.',
      params: z.strictObject({}),
      needs: () => ({ thing: 'keys', action: 'edit', name: '#' }),
      query: noQuery,
      body: bodyOf(newKeySchema, 'what the key is; {} makes everything'),
      answer: { description: 'The key, with its secret', contentType: 'application/json', schema: toldSchema },
      errors: ['permission_denied', 'conflict', 'limit_exceeded', 'storage_full'],
      async handle(call) {
        const key = readBody(newKeySchema, call.body);
        requireMayGive(call, key);
        return told(await keys.create(key));
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
        requireMayGive(call, keys.get(call.params.id));
        return told(await keys.rotate(call.params.id, overlapMs, secret));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/keys/{id}',
      summary: 'Say what a key may do, or let nobody in by it',
      description:
        'Who is connected with a key that is disabled is disconnected within about a second; who is connected with one that ' +
        'may do something else now has to connect again.',
      params: keyParams,
      needs: editKey,
      query: noQuery,
      body: bodyOf(changeSchema, 'what changes'),
      answer: { description: 'The key', contentType: 'application/json', schema: shownSchema },
      errors: ['permission_denied', 'storage_full'],
      async handle(call) {
        const { id } = call.params;
        const change = readBody(changeSchema, call.body);
        const before = keys.get(id);
        // Whoever may edit keys may end any of them.
        if (Object.keys(change).some((name) => name !== 'disabled') || !change.disabled) requireMayGive(call, before);
        requireMayGive(call, change);
        return jsonAnswer(await keys.change(id, change));
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

/**
 * Who may edit keys but not users could otherwise raise themselves by a key that may do more than they.
 *
 * @throws TidewallError permission_denied
 */
function requireMayGive(call: RouteCall<unknown, unknown>, rights: GivenRights): void {
  const { roles = [], rules = [] } = rights;
  const own = [...USUAL_ROLES, ...call.principal.roles];
  const givesOwn = roles.every((role) => own.includes(role)) && rules.every(isOfData);
  if (!givesOwn) requireRight(call, { thing: 'users', action: 'edit', name: '#' });
}

type GivenRights = { readonly [Name in 'roles' | 'rules']?: KeyRights[Name] | undefined };

function isOfData(rule: Rule): boolean {
  return rule.topics !== undefined || rule.screens !== undefined;
}

function told(answer: object) {
  return { ...jsonAnswer(answer), headers: { 'cache-control': 'no-store' } };
}

function bodyOf(schema: z.ZodType, description: string): RouteBody {
  return {
    contentType: 'application/json',
    description,
    schema,
    read: 'whole',
    maxBytes: BODY_BYTES,
    limitName: 'fixed',
  };
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
