import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '@tidewall/contracts';

export type Encoding = 'base64' | 'base64url';

export type SignatureVerdict = 'signed' | 'unknown_key' | 'bad_signature';

export interface Signed {
  readonly keyId: string;
  /** What was signed. */
  readonly text: string;
  readonly signature: string;
  readonly encoding: Encoding;
}

/** As many as a key has while it is rotated. */
const MOST_SECRETS = 2;
/** Stands where there is no secret, so that the same is done for every id; nothing is ever compared with it to pass. */
const NO_SECRET = 'no secret';

/** HMAC-SHA256 of a text, as text. */
export function hmac(secret: string, text: string, encoding: Encoding): string {
  return createHmac('sha256', secret).update(text).digest(encoding);
}

/**
 * Whether one of a key's secrets made a signature. The time that it takes tells neither which byte is wrong, nor whether
 * there is such a key, nor how many secrets it has.
 */
export function checkSignature(
  keys: Pick<KeyRing, 'find'>,
  { keyId, text, signature, encoding }: Signed,
): SignatureVerdict {
  const key = keys.find(keyId);
  const given = Buffer.from(signature);
  let right = false;
  for (let i = 0; i < MOST_SECRETS; i++) {
    const secret = key?.secrets[i];
    // As texts: of one signature base64 has several, and all but one of them were changed on their way.
    const made = Buffer.from(hmac(secret ?? NO_SECRET, text, encoding));
    const same = timingSafeEqual(made, given.length === made.length ? given : Buffer.alloc(made.length));
    right = (same && secret !== undefined) || right;
  }
  if (right) return 'signed';
  return key === undefined ? 'unknown_key' : 'bad_signature';
}
