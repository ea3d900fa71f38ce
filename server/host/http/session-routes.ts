import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { passwordSchema, userNameSchema } from '../users/user.ts';
import type { ApiContext } from './api-context.ts';
import { jsonBody, readBody } from './json-body.ts';
import { type BoundRoute, defineRoute, jsonAnswer, type RouteAnswer, type RouteCall } from './route.ts';
import { sessionCookie } from './session-cookie.ts';

const nothing = z.strictObject({});
const signInSchema = z.strictObject({ name: z.string().max(64), password: z.string().max(256) });
const setupSchema = z.strictObject({ token: z.string().max(128), name: userNameSchema, password: passwordSchema });
const passwordsSchema = z.strictObject({ current: z.string().max(256), password: passwordSchema });
const whoSchema = z.object({
  id: z.string(),
  user: z.string().optional().describe('the name of the user who has signed in'),
  name: z.string().optional().describe('what a provider calls who has signed in by it'),
  roles: z.array(z.string()),
  closed: z.boolean().describe('whether rules decide; otherwise everybody may who reaches the server'),
  setup: z.boolean().describe('whether the first admin is still to be made'),
});
const waysSchema = z.object({
  passwords: z.boolean().describe('whether by a name and a password'),
  providers: z
    .array(z.object({ name: z.string(), label: z.object({ zh: z.string(), en: z.string() }), url: z.string() }))
    .describe('where else: a browser is led to `url`, with `?next=` where to go on afterwards'),
});

/** Signing in and out, for people at a browser. */
export function sessionRoutes(context: ApiContext): BoundRoute[] {
  const { users, attempts, setup, access, sessionMs, signIns } = context;
  const signedIn = async (
    name: string,
    { secure }: Pick<RouteCall<unknown, unknown>, 'secure'>,
  ): Promise<RouteAnswer> => {
    const token = await users.signIn(name);
    const roles = users.principalOf(name)?.roles ?? [];
    return {
      ...jsonAnswer({ id: `user:${name}`, user: name, roles, closed: access.closed, setup: false }),
      headers: {
        'set-cookie': sessionCookie(token, Math.floor(sessionMs / 1000), secure),
        'cache-control': 'no-store',
      },
    };
  };
  const requirePasswords = () => {
    if (signIns.passwords) return;
    const where = signIns.list().map(({ url }) => url);
    throw new TidewallError(
      'permission_denied',
      `nobody signs in by a password here (passwords: false): open ${where.join(' or ')}`,
    );
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
      async handle({ principal, sessionToken, secure }) {
        const { id, roles } = principal;
        const user = id.startsWith('user:') ? { user: id.slice('user:'.length) } : {};
        const name = id.startsWith('oidc:') ? signIns.sessions.nameOf(principal) : undefined;
        const setup = signIns.passwords && !users.hasAdmin;
        const who = { id, ...user, ...(name !== undefined && { name }), roles, closed: access.closed, setup };
        // A user who comes stays signed in: the browser forgets by its own clock. Who came by a provider has to go there again.
        const stays = user.user !== undefined && sessionToken !== undefined;
        const headers = {
          'cache-control': 'no-store',
          ...(stays && { 'set-cookie': sessionCookie(sessionToken, Math.floor(sessionMs / 1000), secure) }),
        };
        return { ...jsonAnswer(who), headers };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/sign-in',
      summary: 'Tell how people sign in',
      params: nothing,
      needs: 'everybody',
      query: nothing,
      answer: { description: 'The ways there are', contentType: 'application/json', schema: waysSchema },
      errors: [],
      handle: async () => jsonAnswer({ passwords: signIns.passwords, providers: signIns.list() }),
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
      errors: ['unauthenticated', 'permission_denied', 'too_many_requests', 'busy', 'storage_full'],
      async handle(call) {
        requirePasswords();
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
        const everywhere = query.everywhere === 'true';
        if (principal.id.startsWith('user:')) await users.signOut(principal, everywhere);
        if (principal.id.startsWith('oidc:')) await signIns.sessions.signOut(principal, everywhere);
        return {
          ...jsonAnswer({}),
          headers: { 'set-cookie': sessionCookie('', 0, secure), 'cache-control': 'no-store' },
        };
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
      errors: ['unauthenticated', 'permission_denied', 'too_many_requests', 'conflict', 'busy', 'storage_full'],
      async handle(call) {
        requirePasswords();
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
