import type { SimpleAuth } from './http-fields.ts';

/** What is added to a question so that the far end knows who asks. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** The credentials of a configuration. */
export function credentialsOf(auth: SimpleAuth | undefined): Credentials {
  switch (auth?.type) {
    case undefined:
      return { headers: {}, query: {} };
    case 'basic':
      return { headers: { authorization: basicAuthorization(auth.user, auth.password) }, query: {} };
    case 'bearer':
      return { headers: { authorization: `Bearer ${auth.token}` }, query: {} };
    case 'key':
      return auth.in === 'header'
        ? { headers: { [auth.name.toLowerCase()]: auth.secret }, query: {} }
        : { headers: {}, query: { [auth.name]: auth.secret } };
  }
}

/** As RFC 7617 writes it, in UTF-8. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Shorter ones stand in too many words. */
const SHORTEST_SECRET = 4;

/** A sentence of a far end, which may repeat what it was told, without what must not be repeated. */
export function withoutSecrets(sentence: string, secrets: readonly string[]): string {
  const written = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(Buffer.from(secret).toString()),
    base64(secret),
  ]);
  return written
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '***'), sentence);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64').replace(/=+$/, '');
}

/** All that such settings keep secret. */
export function secretsOf(settings: {
  readonly auth?: SimpleAuth | { readonly type: 'oauth2'; readonly clientSecret: string } | undefined;
  readonly secretHeaders?: Readonly<Record<string, string>>;
}): readonly string[] {
  const { auth, secretHeaders = {} } = settings;
  const headers = Object.values(secretHeaders);
  // `Bearer abc` may be repeated as `abc`.
  const words = headers.flatMap((value) => [value, ...value.split(/[\s=;,]+/)]);
  switch (auth?.type) {
    case undefined:
      return words;
    case 'basic':
      return [...words, auth.password, basicAuthorization(auth.user, auth.password).slice('Basic '.length)];
    case 'bearer':
      return [...words, auth.token];
    case 'key':
      return [...words, auth.secret];
    case 'oauth2':
      return [...words, auth.clientSecret];
  }
}
