import type { IncomingMessage } from 'node:http';
import type { Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Identity } from '../identity.ts';

/** What a browser is given to show. */
export const SESSION_COOKIE = 'tidewall_session';

/** A page that sends this is one of ours: others cannot set it without being asked first (CORS). */
const CSRF_HEADER = 'x-tidewall-csrf';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface SessionsOptions {
  /** Who shows that; undefined when it is nobody's, or not any more. */
  signedIn(token: string): Principal | undefined;
}

/**
 * Users of browsers, by their cookie. A browser sends it whoever has written the page: what changes something, and what
 * opens a connection that can, is taken of our own pages alone.
 */
export function createSessionIdentity({ signedIn }: SessionsOptions): Identity {
  return {
    of(request) {
      // Who shows something else means that.
      if (request.headers.authorization !== undefined) return undefined;
      const token = sessionTokenOf(request);
      const principal = token === undefined ? undefined : signedIn(token);
      if (principal === undefined) return undefined;
      if (isOwnPage(request)) return principal;
      throw new TidewallError('permission_denied', 'a page of another site may not do this in the name of its visitor');
    },
  };
}

/** What the cookie of a request says; undefined when there is none. */
export function sessionTokenOf({ headers }: IncomingMessage): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name = '', value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/** Whether a request comes from a page of this server, or from none. Browsers say it, and pages cannot change what they say. */
function isOwnPage({ method = 'GET', headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  const upgrades = headers.upgrade !== undefined;
  const changes = !SAFE.has(method) || upgrades;
  if (headers[CSRF_HEADER] === '1') return true;
  if (site !== undefined) {
    // A link of another site may lead here; nothing else of it may.
    if (site === 'same-origin' || site === 'none') return true;
    return !changes && headers['sec-fetch-mode'] === 'navigate';
  }
  if (headers.origin !== undefined) return sameHost(headers.origin, headers.host);
  return !changes;
}

function sameHost(origin: string | string[], host: string | undefined): boolean {
  const text = String(origin);
  if (host === undefined || !URL.canParse(text)) return false;
  const { protocol, host: from } = new URL(text);
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === from;
}
