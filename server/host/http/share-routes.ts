import type { Need } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { topicsOfScreen, type VariableValues } from '@tidewall/screen';
import { z } from 'zod';
import { unknownScreen } from '../element-topics.ts';
import {
  type ShownShare,
  shareAddressesSchema,
  shareEndSchema,
  shareKeySchema,
  shareNameSchema,
  sharePasswordSchema,
  shareVariablesSchema,
  shareViewsSchema,
} from '../shares/share.ts';
import { shareLinkSchema } from '../shares/share-link.ts';
import type { ApiContext } from './api-context.ts';
import { jsonBody, readBody } from './json-body.ts';
import { type BoundRoute, defineRoute, jsonAnswer, type RouteCall } from './route.ts';

const nothing = z.strictObject({});
const ofScreen = z.strictObject({ id: z.string() });
const ofShare = z.strictObject({ id: z.string(), share: z.string() });
const changeShape = {
  name: shareNameSchema.optional(),
  password: sharePasswordSchema.nullish().describe('asked of who opens it; null: none'),
  expiresAt: shareEndSchema.nullish(),
  addresses: shareAddressesSchema.nullish(),
  mostViews: shareViewsSchema.nullish(),
  variables: shareVariablesSchema.optional(),
  signedBy: shareKeySchema.nullish(),
};
const newSchema = z.strictObject(changeShape);
const changeSchema = z.strictObject({ ...changeShape, disabled: z.boolean().optional() });
const openSchema = z.strictObject({
  password: z.string().max(256).optional(),
  link: shareLinkSchema.optional().describe('what the address says, of a link that a key has signed'),
  token: z.string().max(8192).optional().describe('what it was given before: then it is no new view'),
});
const shownSchema = z.object({
  id: z.string(),
  path: z.string().describe('the address of the link, behind that of the server'),
  screen: z.string(),
  name: z.string(),
  createdAt: z.number(),
  disabled: z.boolean(),
  views: z.number().describe('how often it was opened'),
  hasPassword: z.boolean(),
  expiresAt: z.number().optional(),
  addresses: z.array(z.string()).optional(),
  mostViews: z.number().optional(),
  variables: shareVariablesSchema,
  signedBy: z.string().optional(),
});
const openedSchema = z.object({
  token: z.string().describe('to be shown as a bearer token, and as the token of a connect'),
  until: z.number().describe('when a newer one must have been asked for, ms since 1970'),
  screen: z.string(),
  variables: shareVariablesSchema.describe('values that are fixed'),
});
const answer = { description: 'The link', contentType: 'application/json', schema: shownSchema };
const share = ({ id }: { id: string }): Need => ({ thing: 'screens', action: 'share', name: id });

/** Links by which screens are shared with people who are no users. */
export function shareRoutes({ shares, viewers, screens, keys }: ApiContext): BoundRoute[] {
  /** Who shares gives away nothing that it may not see itself, whole. */
  const requireGivable = (
    { may, permits, principal }: Pick<RouteCall<unknown, unknown>, 'may' | 'permits' | 'principal'>,
    id: string,
    variables: VariableValues,
  ) => {
    const document = screens.get(id);
    if (document === undefined) throw unknownScreen(screens, id);
    if (!may({ thing: 'screens', action: 'view', name: id })) {
      throw new TidewallError('permission_denied', `${principal.id} may not view ${id}, and so not share it`);
    }
    for (const topic of topicsOfScreen(document.screen, variables)) {
      // A topic that is made with a variable may be any of its kind.
      const name = /[+#]/.test(topic) ? '#' : topic;
      const isWhole = (action: string) => {
        const permission = permits({ thing: 'topics', action, name });
        return permission !== undefined && permission.filter === undefined && permission.fields === undefined;
      };
      // Who opens the link may do both.
      if (isWhole('read') && isWhole('history')) continue;
      throw new TidewallError(
        'permission_denied',
        `${principal.id} may not read all of ${topic}, which is on the screen, and so not share it`,
        { detail: { topic } },
      );
    }
  };
  const requireKey = (id: string | null | undefined) => {
    if (typeof id !== 'string' || keys.find(id) !== undefined) return;
    throw new TidewallError('bad_request', `signedBy: there is no key ${JSON.stringify(id)}`, {
      detail: { path: 'signedBy' },
    });
  };
  const shown = (one: ShownShare) => ({ ...one, path: `/share/${one.id}` });
  return [
    defineRoute({
      method: 'GET',
      path: '/api/screens/{id}/shares',
      summary: 'List the links by which a screen is shared',
      params: ofScreen,
      needs: share,
      query: nothing,
      answer: {
        description: 'The links, without their passwords',
        contentType: 'application/json',
        schema: z.object({ shares: z.array(shownSchema) }),
      },
      errors: ['unknown_screen', 'permission_denied'],
      async handle(call) {
        // An id opens the link.
        requireGivable(call, call.params.id, {});
        return jsonAnswer({ shares: shares.list(call.params.id).map(shown) });
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/screens/{id}/shares',
      summary: 'Share a screen by a link',
      description:
        'Who opens it sees the screen and what is on it, and nothing else; who makes it must be allowed to read all of that.',
      params: ofScreen,
      needs: share,
      query: nothing,
      body: jsonBody(newSchema, 'what is asked of who opens it; {} for nothing'),
      answer,
      errors: ['unknown_screen', 'permission_denied', 'limit_exceeded', 'busy', 'storage_full'],
      async handle(call) {
        const said = readBody(newSchema, call.body, ['password']);
        requireGivable(call, call.params.id, said.variables ?? {});
        requireKey(said.signedBy);
        return jsonAnswer(shown(await shares.create(call.params.id, said)));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/screens/{id}/shares/{share}',
      summary: 'Change a link, or let nobody in by it',
      description:
        'Who has opened it is out within a second when it is disabled, and has to open it again when something else is asked.',
      params: ofShare,
      needs: share,
      query: nothing,
      body: jsonBody(changeSchema, 'what changes; null takes away'),
      answer,
      errors: ['unknown_screen', 'permission_denied', 'busy', 'storage_full'],
      async handle(call) {
        const said = readBody(changeSchema, call.body, ['password']);
        const { id, share: name } = call.params;
        // Who may not give it away may not open it wider either, but may close it.
        const closes = Object.keys(said).every((member) => member === 'disabled' && said.disabled === true);
        if (!closes) requireGivable(call, id, said.variables ?? shares.find(name)?.variables ?? {});
        requireKey(said.signedBy);
        return jsonAnswer(shown(await shares.set(call.params.id, call.params.share, said)));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/screens/{id}/shares/{share}',
      summary: 'Delete a link; who has opened it is out within a second',
      params: ofShare,
      needs: share,
      query: nothing,
      answer: { description: 'It is gone', contentType: 'application/json', schema: nothing },
      errors: ['storage_full'],
      async handle({ params }) {
        await shares.delete(params.id, params.share);
        return jsonAnswer({});
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/shares/{share}/open',
      summary: 'Open a link to a shared screen',
      description:
        'Answers with a token for what is on the screen. A link that asks for a password says so in `detail.asks`. With the token that ' +
        'it was given before, it is no new view.',
      params: z.strictObject({ share: z.string() }),
      needs: 'everybody',
      query: nothing,
      body: jsonBody(openSchema, 'what the link asks for; {} for nothing'),
      answer: { description: 'What is shown from now on', contentType: 'application/json', schema: openedSchema },
      errors: [
        ...(['unauthenticated', 'permission_denied', 'unknown_screen'] as const),
        ...(['limit_exceeded', 'too_many_requests', 'busy', 'storage_full'] as const),
      ],
      async handle({ params, body, address }) {
        const said = readBody(openSchema, body, ['password', 'token', 'sig', 'signature']);
        const opened = await viewers.open(params.share, { ...said, address });
        return { ...jsonAnswer(opened), headers: { 'cache-control': 'no-store' } };
      },
    }),
  ];
}
