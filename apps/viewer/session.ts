import type { Words } from '@tidewall/browser-contracts';
import { ANSWER_TIMEOUT_MS, ApiError, apiErrorOf } from './api.ts';

/** Who looks at this page, as the server knows it. */
export interface Session {
  readonly id: string;
  /** The name of the user who has signed in. */
  readonly user?: string;
  /** What a provider calls who has signed in by it. */
  readonly name?: string;
  /** Whether rules decide what is shown; otherwise everybody may see everything. */
  readonly closed: boolean;
  /** Whether the first admin is still to be made. */
  readonly setup: boolean;
}

/** How people sign in. */
export interface SignInWays {
  /** Whether by a name and a password. */
  readonly passwords: boolean;
  readonly providers: readonly {
    readonly name: string;
    readonly label: Words;
    /** Where a browser is led to, with `?next=` where to go on afterwards. */
    readonly url: string;
  }[];
}

/** Rejects as `fetchScreens` does. */
export function fetchSignInWays(): Promise<SignInWays> {
  return ask('GET', '/api/sign-in');
}

/** Rejects as `fetchScreens` does. */
export function fetchSession(): Promise<Session> {
  return ask('GET', '/api/session');
}

/** Rejects with ApiError when it is the wrong name or password, or has to be waited. */
export function signIn(name: string, password: string): Promise<Session> {
  return ask('POST', '/api/session', { name, password });
}

/** Makes the first admin with what the link has. Rejects as `signIn` does. */
export function setUp(token: string, name: string, password: string): Promise<Session> {
  return ask('POST', '/api/setup', { token, name, password });
}

export async function signOut(): Promise<void> {
  await ask('DELETE', '/api/session');
}

/** Where to go after signing in: an address of this server, whatever the page was told. */
export function nextAfter(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  // `//host` and `/\host` are addresses of others.
  if (!/^\/(?![/\\])/.test(next)) return '/';
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? `${url.pathname}${url.search}${url.hash}` : '/';
}

/** Leads to the page where people sign in, and back. */
export function goToLogin(): void {
  const here = `${location.pathname}${location.search}${location.hash}`;
  location.replace(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`);
}

/** Whether a failure says that it has to be known who looks. */
export function isUnauthenticated(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 401 && failure.code === 'unauthenticated';
}

async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(path, {
    method,
    headers: { accept: 'application/json', 'x-tidewall-csrf': '1' },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await apiErrorOf(response);
  return (await response.json()) as Answer;
}
