import { createPublicKey } from 'node:crypto';
import { roleSchema } from '@tidewall/access';
import { z } from 'zod';

/** By the kind of key: what one algorithm signs must never be checked as another one's (RFC 8725, section 3.1). */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
export const KEY_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;

const algorithm = z.enum([...SECRET_ALGORITHMS, ...KEY_ALGORITHMS]);
const address = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  error: 'must be an address like https://id.example/.well-known/jwks.json',
});
const pem = z.string().refine(isPublicKey, { error: 'must be a public key in PEM' });

/** Who signs tokens that are taken here, by what, and what those may do who have them. */
export const issuerSchema = z
  .strictObject({
    issuer: z.string().min(1).max(1024).describe('what `iss` must be'),
    audience: z.string().min(1).max(1024).describe('what `aud` must have: tokens for others are not for us'),
    secret: z.string().min(32).max(4096).optional().describe('of HS256, HS384, HS512; at least 32 characters'),
    publicKey: pem.optional().describe('in PEM'),
    jwks: address.optional().describe('where the public keys are; asked again when there is a new one'),
    algorithms: z.array(algorithm).min(1).max(8).optional().describe('RS256 and ES256, or HS256 with a secret'),
    roles: z.array(roleSchema).max(64).default([]).describe('of everybody who has such a token'),
    rolesClaim: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('the claim that names roles: a list, or words in a text'),
    mayGive: z
      .array(roleSchema)
      .max(256)
      .optional()
      .describe('the roles that the claim may give; all but admin when absent'),
    rulesClaim: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('the claim with rules of its own, for topics and screens'),
    clockToleranceS: z.int().min(0).max(300).default(5).describe('how far the clock of the issuer may be off'),
  })
  .superRefine(({ secret, publicKey, jwks, algorithms }, context) => {
    const kinds = [secret, publicKey, jwks].filter((one) => one !== undefined).length;
    if (kinds !== 1) context.addIssue({ code: 'custom', message: 'must have one of secret, publicKey and jwks' });
    const allowed: readonly string[] = secret === undefined ? KEY_ALGORITHMS : SECRET_ALGORITHMS;
    for (const [at, one] of (algorithms ?? []).entries()) {
      if (allowed.includes(one)) continue;
      context.addIssue({
        code: 'custom',
        path: ['algorithms', at],
        message: `must be one of ${allowed.join(', ')} here`,
      });
    }
  });

export type Issuer = z.infer<typeof issuerSchema>;

function isPublicKey(text: string): boolean {
  try {
    // A private one has a public one in it, and has no place in a configuration.
    return !text.includes('PRIVATE') && createPublicKey(text).type === 'public';
  } catch {
    return false;
  }
}
