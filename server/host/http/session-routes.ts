import { SESSION_COOKIE } from '@tidewall/auth';
import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { passwordSchema, userNameSchema } from '../users/user.ts';
import type { ApiContext } from './api-context.ts';
import { jsonBody, readBody } from './json-body.ts';
import { type BoundRoute, defineRoute, jsonAnswer, type RouteAnswer, type RouteCall } from './route.ts';

const nothing = z.strictObject({});
const signInSchema = z.strictObject({ name: z.string().max(64), password: z.string().max(256) });
const setupSchema = z.strictObject({ token: z.string().max(128), name: userNameSchema, password: passwordSchema });
const passwordsSchema = z.strictObject({ current: z.string().max(256), password: passwordSchema });
const whoSchema = z.object({
  id: z.string(),
  user: z.string().optional().describe('the name of the user who has signed in'),
  roles: z.array(z.string()),
  closed: z.boolean().describe('whether rules decide; otherwise everybody may who reaches the server'),
  setup: z.boolean().describe('whether the first admin is still to be made'),
});

/** Signing in and out, for people at a browser. */
export function sessionRoutes(context: ApiContext): BoundRoute[] {
  const { users, attempts, setup, access, sessionMs } = context;
  const signedIn = async (
    name: string,
    { secure }: Pick<RouteCall<unknown, unknown>, 'secure'>,
  ): Promise<RouteAnswer> => {
    const token = await users.signIn(name);
    const roles = users.principalOf(name)?.roles ?? [];
    return {
      ...jsonAnswer({ id: `user:${name}`, user: name, roles, closed: access.closed, setup: false }),
      headers: { 'set-cookie': cookie(token, Math.floor(sessionMs / 1000), secure), 'cache-control': 'no-store' },
    };
  };
  const answer = { description: 'Who that is now', contentType: 'application/json', schema: whoSchema };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/session',
      summary: 'Tell who asks',
      params: nothing,
      needs: 'everybody',
      query: nothing,
      answer: { ...answer, description: 'Who that is' },
      errors: [],
      async handle({ principal: { id, roles }, sessionToken, secure }) {
        const user = id.startsWith('user:') ? { user: id.slice('user:'.length) } : {};
        const who = { id, ...user, roles, closed: access.closed, setup: !users.hasAdmin };
        // Who comes stays signed in: the browser forgets by its own clock.
        const stays = user.user !== undefined && sessionToken !== undefined;
        const headers = {
          'cache-control': 'no-store',
          ...(stays && { 'set-cookie': cookie(sessionToken, Math.floor(sessionMs / 1000), secure) }),
        };
        return { ...jsonAnswer(who), headers };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/session',
      summary: 'Sign in',
      description:
        'Answers with a cookie. Who guesses has to wait longer and longer; who does not is never locked out by it.',
      params: nothing,
      needs: 'everybody',
      query: nothing,
      body: jsonBody(signInSchema, 'name and password'),
      answer,
      errors: ['unauthenticated', 'too_many_requests', 'busy', 'storage_full'],
      async handle(call) {
        const { name, password } = readBody(signInSchema, call.body, ['password']);
        attempts.require(call.address, name);
        if (!(await users.check(name, password))) {
          attempts.failed(call.address, name);
          throw new TidewallError('unauthenticated', 'the name or the password is wrong');
        }
        attempts.succeeded(call.address, name);
        return signedIn(name, call);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/session',
      summary: 'Sign out, here or everywhere',
      params: nothing,
      needs: 'everybody',
      query: z.strictObject({ everywhere: z.enum(['true', 'false']).optional() }),
      answer: { description: 'Signed out', contentType: 'application/json', schema: nothing },
      errors: ['storage_full'],
      async handle({ principal, query, secure }) {
        if (principal.id.startsWith('user:')) await users.signOut(principal, query.everywhere === 'true');
        return { ...jsonAnswer({}), headers: { 'set-cookie': cookie('', 0, secure), 'cache-control': 'no-store' } };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/session/password',
      summary: 'Change the own password',
      description: 'Everywhere else the user is signed out.',
      params: nothing,
      needs: 'everybody',
      query: nothing,
      body: jsonBody(passwordsSchema, 'the password that it is, and the one that it will be'),
      answer: { description: 'Changed', contentType: 'application/json', schema: nothing },
      errors: ['unauthenticated', 'too_many_requests', 'busy', 'storage_full'],
      async handle({ principal, body, address }) {
        const { current, password } = readBody(passwordsSchema, body, ['current', 'password']);
        if (!principal.id.startsWith('user:')) throw new TidewallError('unauthenticated', 'sign in first');
        const name = principal.id.slice('user:'.length);
        attempts.require(address, name);
        if (!(await users.check(name, current))) {
          attempts.failed(address, name);
          throw new TidewallError('unauthenticated', 'the password is wrong');
        }
        attempts.succeeded(address, name);
        await users.setPassword(name, password, principal);
        return jsonAnswer({});
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/setup',
      summary: 'Make the first admin, with the link that the server has printed, and sign in',
      params: nothing,
      needs: 'everybody',
      query: nothing,
      body: jsonBody(setupSchema, 'what the link has, and who it will be'),
      answer,
      errors: ['unauthenticated', 'too_many_requests', 'conflict', 'busy', 'storage_full'],
      async handle(call) {
        const { token, name, password } = readBody(setupSchema, call.body, ['token', 'password']);
        attempts.require(call.address, 'set-up');
        if (!setup.take(token)) {
          attempts.failed(call.address, 'set-up');
          throw new TidewallError(
            'unauthenticated',
            'the link is not good any more; run "tidewall users setup" on the machine of the server for a new one',
          );
        }
        try {
          await users.create(name, password, ['admin']);
        } catch (failure) {
          setup.giveBack(token);
          throw failure;
        }
        access.close();
        return signedIn(name, call);
      },
    }),
  ];
}

/** For this server alone, out of reach of scripts, and of pages of other sites (RFC 6265bis). */
function cookie(token: string, maxAgeS: number, secure: boolean): string {
  return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;
}
