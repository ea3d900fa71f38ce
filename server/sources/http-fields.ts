import { isHeaderText } from '@tidewall/request';
import { z } from 'zod';
import { tlsFields } from './tls-fields.ts';

const MOST_HEADERS = 50;
const MOST_CHARACTERS = 8 * 1024;
/** Those that a connection is kept by; whoever sets them could begin a second question within the first (RFC 9110). */
const OF_THE_CONNECTION = [
  ...['host', 'connection', 'content-length', 'expect', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'accept-encoding'],
];
/** Whose values are secrets whatever they say. */
const OF_SECRETS = ['authorization', 'cookie', 'proxy-authorization'];
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

const headerText = z
  .string()
  .max(MOST_CHARACTERS)
  .refine(isHeaderText, 'must be printable ASCII on one line, as headers are');
const secretText = (what: string) => z.string().max(MOST_CHARACTERS).describe(what);

function headersField(refused: (name: string) => string | undefined) {
  return z
    .record(z.string(), headerText)
    .superRefine((headers, context) => {
      const names = Object.keys(headers);
      const complain = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
      for (const name of names) {
        const fault = TOKEN.test(name) ? refused(name.toLowerCase()) : 'is no name of a header';
        if (fault !== undefined) complain(name, fault);
      }
      if (names.length > MOST_HEADERS) complain('', `must be at most ${MOST_HEADERS}`);
    })
    .default({});
}

const refusedOfConnection = (name: string) =>
  OF_THE_CONNECTION.includes(name) ? 'is the matter of the connection, and cannot be set' : undefined;

/** Headers that a source sends; `secretHeaders` is a secret. */
export const headersFields = {
  headers: headersField((name) => {
    return OF_SECRETS.includes(name) ? 'is a secret: it belongs in auth or secretHeaders' : refusedOfConnection(name);
  }).describe('headers that are sent'),
  secretHeaders: headersField(refusedOfConnection).describe('headers that are sent, whose values nobody is shown'),
};

/** An address that begins with http:// or https://, without anything that it must keep secret. */
export const httpUrlField = z
  .string()
  .max(MOST_CHARACTERS)
  .superRefine((text, context) => {
    const complain = (message: string) => context.addIssue({ code: 'custom', message });
    if (!URL.canParse(text)) return complain('must be an address like https://api.example.com/orders');
    const { protocol, username, password, hash } = new URL(text);
    if (protocol !== 'http:' && protocol !== 'https:') complain('must begin with http:// or https://');
    if (username !== '' || password !== '') complain('must hold no user and no password: auth has them');
    if (hash !== '') complain('must hold no #, which no server hears of');
  });

const basic = z.strictObject({
  type: z.literal('basic'),
  user: z
    .string()
    .max(MOST_CHARACTERS)
    .refine((user) => !user.includes(':'), 'must hold no colon')
    .describe('the user'),
  password: secretText('its password'),
});
const bearer = z.strictObject({
  type: z.literal('bearer'),
  token: headerText.min(1).describe('the token, as it stands behind `Bearer`'),
});
const key = z.strictObject({
  type: z.literal('key'),
  in: z.enum(['header', 'query']).default('header').describe('where the key goes'),
  name: z.string().regex(TOKEN, 'must be the name of a header or of a query parameter').describe('its name there'),
  secret: headerText.min(1).describe('the key'),
});
const oauth2 = z.strictObject({
  type: z.literal('oauth2'),
  tokenUrl: httpUrlField.describe('where tokens are given (client credentials)'),
  clientId: z.string().min(1).max(MOST_CHARACTERS).describe('who asks for one'),
  clientSecret: secretText('its secret'),
  scope: z.string().max(MOST_CHARACTERS).optional().describe('what the token is for, names with spaces between'),
  audience: z
    .string()
    .max(MOST_CHARACTERS)
    .optional()
    .describe('whom the token is for, where the server asks for that'),
  send: z.enum(['header', 'body']).default('header').describe('where the id and its secret go'),
});

/** Who a source says that it is, without tokens that have to be fetched first. */
export const simpleAuthField = z
  .discriminatedUnion('type', [basic, bearer, key])
  .optional()
  .describe('who asks: a user and a password, a bearer token, or a key');

/** Who a source says that it is. */
export const authField = z
  .discriminatedUnion('type', [basic, bearer, key, oauth2])
  .optional()
  .describe('who asks: a user and a password, a bearer token, a key, or a client that fetches tokens (OAuth 2)');

export type SimpleAuth = NonNullable<z.output<typeof simpleAuthField>>;
export type Auth = NonNullable<z.output<typeof authField>>;
export type OAuth2 = Extract<Auth, { readonly type: 'oauth2' }>;

/** Names of the secrets among these; of `authField` the secret of its client too. */
/** Where sources over HTTP go, and how they know whom they find there. */
export const HTTP_ADDRESSES = ['url', 'ca', 'insecure'] as const;

export const SIMPLE_HTTP_SECRETS = ['password', 'token', 'secret', 'secretHeaders'] as const;
export const HTTP_SECRETS = [...SIMPLE_HTTP_SECRETS, 'clientSecret'] as const;

/** How its certificate is checked. */
export const httpTlsFields = { ca: tlsFields.ca, insecure: tlsFields.insecure };
