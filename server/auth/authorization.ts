import type { IncomingMessage } from 'node:http';

/** What a request shows of itself (RFC 9110, section 11.4). */
export type Authorization =
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  /** Another scheme, in small letters, with what follows it. */
  | { readonly scheme: string; readonly rest: string };

/** The `Authorization` of a request; undefined when there is none, or it cannot be read. */
export function authorizationOf({ headers }: IncomingMessage): Authorization | undefined {
  const [, scheme = '', rest = ''] = /^([A-Za-z0-9-]+) +(.+)$/.exec(headers.authorization ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      return undefined;
    case 'bearer':
      return { scheme: 'bearer', token: rest };
    case 'basic': {
      const [user = '', ...password] = Buffer.from(rest, 'base64').toString('utf8').split(':');
      return { scheme: 'basic', user, password: password.join(':') };
    }
    default:
      return { scheme: scheme.toLowerCase(), rest };
  }
}
