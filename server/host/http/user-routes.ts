import type { Need } from '@tidewall/contracts';
import { z } from 'zod';
import { passwordSchema, rolesSchema, userNameSchema } from '../users/user.ts';
import type { ApiContext } from './api-context.ts';
import { jsonBody, readBody } from './json-body.ts';
import { type BoundRoute, defineRoute, jsonAnswer } from './route.ts';

const nothing = z.strictObject({});
const params = z.strictObject({ name: z.string() });
const newUserSchema = z.strictObject({ name: userNameSchema, password: passwordSchema, roles: rolesSchema });
const changeSchema = z.strictObject({ roles: rolesSchema.optional(), disabled: z.boolean().optional() });
const newPasswordSchema = z.strictObject({ password: passwordSchema });
const shownSchema = z.object({
  name: z.string(),
  roles: z.array(z.string()),
  createdAt: z.number().describe('ms since 1970'),
  disabled: z.boolean(),
  sessions: z.number().describe('places where it is signed in'),
});
const answer = { description: 'The user', contentType: 'application/json', schema: shownSchema };

const edit = ({ name }: z.output<typeof params>): Need => ({ thing: 'users', action: 'edit', name });

/** People who sign in, and what they may do. */
export function userRoutes({ users, access, setup }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/users',
      summary: 'List the users',
      params: nothing,
      needs: () => ({ thing: 'users', action: 'see', name: '#' }),
      query: nothing,
      answer: {
        description: 'The users, without their passwords',
        contentType: 'application/json',
        schema: z.object({ users: z.array(shownSchema) }),
      },
      errors: [],
      handle: async () => jsonAnswer({ users: users.list() }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/users',
      summary: 'Make a user',
      description: 'From the first user on, rules decide who may do what, unless the server is configured to be open.',
      params: nothing,
      needs: () => ({ thing: 'users', action: 'edit', name: '#' }),
      query: nothing,
      body: jsonBody(newUserSchema, 'name, password and roles'),
      answer,
      errors: ['conflict', 'limit_exceeded', 'busy', 'storage_full'],
      async handle({ body }) {
        const { name, password, roles } = readBody(newUserSchema, body, ['password']);
        const made = await users.create(name, password, roles);
        access.close();
        return jsonAnswer(made);
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/users/{name}',
      summary: 'Change the roles of a user, or let it in no more',
      description:
        'Who is connected and may do something else then has to come again; who is disabled is out within a second.',
      params,
      needs: edit,
      query: nothing,
      body: jsonBody(changeSchema, 'what changes'),
      answer,
      errors: ['conflict', 'storage_full'],
      async handle({ params: { name }, body }) {
        const { roles, disabled } = readBody(changeSchema, body, []);
        const change = { ...(roles && { roles }), ...(disabled !== undefined && { disabled }) };
        return jsonAnswer(await users.set(name, change));
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/users/{name}/password',
      summary: 'Set the password of a user, who is signed out everywhere',
      params,
      needs: edit,
      query: nothing,
      body: jsonBody(newPasswordSchema, 'the password'),
      answer: { description: 'Set', contentType: 'application/json', schema: nothing },
      errors: ['busy', 'storage_full'],
      async handle({ params: { name }, body }) {
        await users.setPassword(name, readBody(newPasswordSchema, body, ['password']).password);
        return jsonAnswer({});
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/users/{name}',
      summary: 'Delete a user, who is out within a second',
      params,
      needs: edit,
      query: nothing,
      answer: { description: 'It is gone', contentType: 'application/json', schema: nothing },
      errors: ['conflict', 'storage_full'],
      async handle({ params: { name } }) {
        await users.delete(name);
        return jsonAnswer({});
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/setup-link',
      summary: 'Make the link by which the first admin is made',
      params: nothing,
      needs: () => ({ thing: 'users', action: 'edit', name: '#' }),
      query: nothing,
      answer: {
        description: 'What the link has behind `/setup#`; null when there is an admin',
        contentType: 'application/json',
        schema: z.object({ token: z.string().nullable() }),
      },
      errors: [],
      handle: async () => ({
        ...jsonAnswer({ token: setup.renew() ?? null }),
        headers: { 'cache-control': 'no-store' },
      }),
    }),
  ];
}
