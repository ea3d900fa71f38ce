import { roleSchema } from '@tidewall/access';
import { z } from 'zod';
import { KEY_ALGORITHMS } from '../tokens/issuer-schema.ts';

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Passwords and codes go there: in plain text only to the machine itself. */
export function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOCAL.has(hostname));
}

const issuer = z
  .string()
  .max(1024)
  .refine((text) => isSafeAddress(text) && new URL(text).search === '', {
    error: 'must be an address like https://id.example/realms/hall; http:// is for this machine alone',
  });
const claim = z.string().min(1).max(256);
const roles = z.array(roleSchema).max(64);

/** A provider (OpenID Connect Core 1.0) whose people may sign in here, and what they may become by it. */
export const providerSchema = z.strictObject({
  issuer: issuer.describe('as its discovery document says it, to the letter'),
  clientId: z.string().min(1).max(1024).describe('what it knows this server by'),
  clientSecret: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe('absent: a public client, which PKCE alone protects; better said by TIDEWALL_OIDC_<NAME>_SECRET'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'must be a word without spaces'))
    .min(1)
    .max(32)
    .refine((scopes) => scopes.includes('openid'), { error: 'must have openid among them' })
    .default(['openid', 'profile']),
  label: z
    .strictObject({ zh: z.string().min(1).max(64), en: z.string().min(1).max(64) })
    .optional()
    .describe('what its button says; its name here when absent'),
  nameClaims: z
    .array(claim)
    .min(1)
    .max(8)
    .default(['name', 'preferred_username', 'email'])
    .describe('the first of these that is there is shown as who has signed in'),
  roles: roles.default([]).describe('of everybody who signs in by it'),
  rolesClaim: claim
    .optional()
    .describe('the claim of the ID token that names roles; `realm_access.roles` for one in another'),
  roleMap: z
    .record(z.string().min(1).max(256), roles)
    .optional()
    .describe('which roles here a word of the claim means; words that are not in it mean nothing'),
  mayGive: z
    .array(roleSchema)
    .max(256)
    .optional()
    .describe('the roles that the claim may give; all but admin when absent, or all of roleMap'),
  algorithms: z
    .array(z.enum(KEY_ALGORITHMS))
    .min(1)
    .max(8)
    .default(['RS256', 'ES256'])
    .describe('what ID tokens may be signed by'),
  clockToleranceS: z.int().min(0).max(300).default(5).describe('how far its clock may be off'),
  sessionHours: z.int().min(1).max(720).default(12).describe('after so long one has to sign in again, used or not'),
});

export type Provider = z.infer<typeof providerSchema>;
