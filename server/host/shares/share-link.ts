import { createHmac } from 'node:crypto';
import { sameText } from '@tidewall/auth';
import type { KeyRing, NonceMemory } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { VariableValues } from '@tidewall/screen';
import { VARIABLE_NAME } from '@tidewall/screen/schema';
import { z } from 'zod';

/*
 * A link that a key has signed, in one of two forms. Ours says until when it is good and which values of variables it
 * fixes: `?expires=<s>&var.region=sh&sig=…`, the base64url of HMAC-SHA256 over `tidewall.share.v1`, the id of the share,
 * the time and the variables by name, each `name=value`, all joined by NUL. That of Tencent Cloud 图 is good once, within five minutes:
 * `?signature=&timestamp=&nonce=`, the base64 of HMAC-SHA256 over `<share>,<timestamp>,<nonce>`.
 */

/** Not empty, or it would fix nothing; without control characters, or what is signed could be read in two ways. */
const linkValue = z
  .string()
  .regex(/^\P{Cc}{1,256}$/u, 'must have 1 to 256 characters, none of them a control character');

export const shareLinkSchema = z.union([
  z.strictObject({
    expires: z.string().regex(/^\d{1,12}$/, 'must be seconds since 1970'),
    variables: z.record(z.string().regex(VARIABLE_NAME), linkValue).default({}),
    sig: z.string().max(128),
  }),
  z.strictObject({
    signature: z.string().max(128),
    timestamp: z.string().regex(/^\d{1,16}$/, 'must be a time in s or ms since 1970'),
    nonce: z.string().min(1).max(64),
  }),
]);
export type ShareLink = z.infer<typeof shareLinkSchema>;

/** What a link that is good says. */
export interface GoodLink {
  readonly variables: VariableValues;
  readonly ends?: number;
}

export interface LinkContext {
  readonly keys: KeyRing;
  readonly nonces: NonceMemory;
  readonly now: number;
}

const TCV_SKEW_MS = 300_000;
/** Longer numbers are milliseconds: seconds reach it in the year 5138. */
const LEAST_MS = 100_000_000_000;
/** The same whatever is wrong. */
const WRONG = 'the link is not good, or not any more; ask for a new one';

/** What our form of a link is signed over. */
export function shareLinkText(share: string, expires: string, variables: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(variables)
    .sort()
    .map((name) => `${name}=${variables[name]}`);
  return ['tidewall.share.v1', share, expires, ...pairs].join('\0');
}

export function shareLinkSignature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** What a link says that the key has signed. @throws TidewallError unauthenticated, busy */
export function checkLink(link: ShareLink | undefined, share: string, keyId: string, context: LinkContext): GoodLink {
  const { keys, nonces, now } = context;
  const secrets = keys.find(keyId)?.secrets ?? [];
  const isSigned = (given: string, of: (secret: string) => string) =>
    secrets.reduce((found, secret) => sameText(of(secret), given) || found, false);
  const wrong = () => new TidewallError('unauthenticated', WRONG);
  if (link === undefined) throw wrong();
  if ('sig' in link) {
    const text = shareLinkText(share, link.expires, link.variables);
    const ends = Number(link.expires) * 1000;
    if (!isSigned(link.sig, (secret) => shareLinkSignature(secret, text)) || now >= ends) throw wrong();
    keys.noteUse(keyId);
    return { variables: link.variables, ends };
  }
  const { signature, timestamp, nonce } = link;
  const text = `${share},${timestamp},${nonce}`;
  // An address writes + for a space, and some clients do not escape it.
  const given = signature.replaceAll(' ', '+');
  if (!isSigned(given, (secret) => createHmac('sha256', secret).update(text).digest('base64'))) throw wrong();
  const signedAt = Number(timestamp) < LEAST_MS ? Number(timestamp) * 1000 : Number(timestamp);
  const verdict = nonces.take({ keyId, nonce: `share ${share} ${nonce}`, signedAt, skewMs: TCV_SKEW_MS });
  if (verdict === 'full')
    throw new TidewallError('busy', 'too many links are being opened; try again', { afterMs: 1000 });
  if (verdict !== 'fresh') throw wrong();
  keys.noteUse(keyId);
  return { variables: {} };
}
