import { signInReasonOf } from '@tidewall/auth';
import { TidewallError } from '@tidewall/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TICKET_MS } from '../oidc/sign-in-tickets.ts';
import type { ApiContext } from './api-context.ts';
import { pathHere } from './path-here.ts';
import { sessionCookie } from './session-cookie.ts';

const TICKET_COOKIE = 'tidewall_sign_in';
const MOST_CHARACTERS = 4096;

/**
 * Where a browser goes to sign in at a provider, `/login/<name>`, and comes back from it, `/login/<name>/callback`. Either leads
 * on: to the provider, to what was asked for, or to the page where people sign in, which says why not and what to do.
 */
export function serveOidcPages(
  app: FastifyInstance,
  { signIns, audit, addresses, log }: Pick<ApiContext, 'signIns' | 'audit' | 'addresses' | 'log'>,
): void {
  // Whatever stands between: the browser of such an address speaks TLS.
  const isSecure = ({ raw }: FastifyRequest) => signIns.publicUrl.startsWith('https:') || addresses.isSecure(raw);
  const ticketCookie = (name: string, ticket: string, request: FastifyRequest) => {
    const maxAgeS = ticket === '' ? 0 : TICKET_MS / 1000;
    const secure = isSecure(request) ? '; Secure' : '';
    return `${TICKET_COOKIE}=${ticket}; Path=/login/${name}; HttpOnly; SameSite=Lax; Max-Age=${maxAgeS}${secure}`;
  };

  /** Tells why not: whoever sits there in their words, and whoever runs the server in the log and the audit. */
  const refuse = (request: FastifyRequest, reply: FastifyReply, name: string, failure: unknown, next?: string) => {
    const reason = signInReasonOf(failure) ?? 'internal';
    const address = addresses.of(request.raw);
    const message = failure instanceof TidewallError ? failure.message : 'a sign-in failed';
    const fields = { provider: name, reason, address, ...(reason === 'internal' && { err: failure }) };
    // What is the server's to mend, and what people do.
    if (reason === 'elsewhere' || reason === 'used' || reason === 'denied') log.info(fields, message);
    else log.warn(fields, message);
    audit.refused({ who: 'anybody', address, what: 'sign in', on: `oidc:${name}`, reason });
    signIns.count(name, reason);
    const query = new URLSearchParams({ failed: reason, by: name, ...(next !== undefined && { next }) });
    return lead(reply, `/login?${query}`);
  };

  app.get<{ Params: { name: string } }>('/login/:name', async (request, reply) => {
    const { name } = request.params;
    if (!signIns.has(name)) return reply.callNotFound();
    const asked = queryOf(request).get('next') ?? '/';
    const next = pathHere(asked);
    if (next === undefined) {
      const got = JSON.stringify(asked.slice(0, 100));
      throw new TidewallError('bad_request', `next must be a path of this server, like /s/hall, got ${got}`);
    }
    try {
      const { url, ticket } = await signIns.begin(name, next);
      return lead(reply.header('set-cookie', ticketCookie(name, ticket, request)), url);
    } catch (failure) {
      return refuse(request, reply, name, failure, next);
    }
  });

  app.get<{ Params: { name: string } }>('/login/:name/callback', async (request, reply) => {
    const { name } = request.params;
    if (!signIns.has(name)) return reply.callNotFound();
    const gone = ticketCookie(name, '', request);
    try {
      const { token, principal, maxAgeS, next } = await signIns.finish(name, queryOf(request), ticketOf(request));
      audit.note({
        ...{ who: principal.id, address: addresses.of(request.raw), what: 'sign in', on: `oidc:${name}` },
        outcome: 'done',
      });
      signIns.count(name, 'done');
      reply.header('set-cookie', [gone, sessionCookie(token, maxAgeS, isSecure(request))]);
      return lead(reply, next);
    } catch (failure) {
      // Another sign-in may be under way in this browser, which a stray answer does not end.
      if (signInReasonOf(failure) !== 'elsewhere') reply.header('set-cookie', gone);
      return refuse(request, reply, name, failure, signIns.nextOf(name, ticketOf(request)));
    }
  });
}

function lead(reply: FastifyReply, to: string): FastifyReply {
  return reply.header('cache-control', 'no-store').redirect(to, 303);
}

function queryOf({ raw }: FastifyRequest): URLSearchParams {
  const [, query = ''] = (raw.url ?? '').split(/\?(.*)/s, 2);
  return new URLSearchParams(query);
}

function ticketOf({ headers }: FastifyRequest): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (name === TICKET_COOKIE && value.length <= MOST_CHARACTERS && /^[\w-]+$/.test(value)) return value;
  }
  return undefined;
}
