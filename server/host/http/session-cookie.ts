import { SESSION_COOKIE } from '@tidewall/auth';

/** For this server alone, out of reach of scripts, and of pages of other sites (RFC 6265bis). An empty token takes it away. */
export function sessionCookie(token: string, maxAgeS: number, secure: boolean): string {
  return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;
}
