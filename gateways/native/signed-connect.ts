import { createHash } from 'node:crypto';
import type { GatewayContext, Principal } from '@tidewall/contracts';
import type { CloseName } from '@tidewall/protocol';
import type { SignedKey } from '@tidewall/protocol/schema';
import { checkSignature, hmac, type Signed } from '../signed/index.ts';

/** How far the clock of a signer may be off, to either side. */
export const SIGN_SKEW_MS = 60_000;

/** No claims are known in this version; what stands for them is signed all the same. */
const NO_CLAIMS = createHash('sha256').update('').digest('hex');

export interface ConnectSigner {
  readonly keyId: string;
  readonly secret: string;
}

/** The `key` of a connect command, signed. */
export function signConnect({ keyId, secret }: ConnectSigner, fields: Omit<SignedKey, 'id' | 'sig'>): SignedKey {
  const key = { id: keyId, ...fields };
  return { ...key, sig: hmac(secret, signingText(key), 'base64url') };
}

/** Why a signed connect is refused: how it is closed, a label for the metric, and a sentence. */
export interface ConnectRefusal {
  readonly reason: string;
  readonly code: CloseName;
  readonly says: string;
}

/** What a signed connect claims that its key has signed. */
export function signedText(key: SignedKey): Signed {
  return { keyId: key.id, text: signingText(key), signature: key.sig, encoding: 'base64url' };
}

/** Who has signed a connect; its nonce is used up by that. */
export function verifyConnect(
  { keys, nonces }: Pick<GatewayContext, 'keys' | 'nonces'>,
  key: SignedKey,
): Principal | ConnectRefusal {
  const { id: keyId, timestamp, nonce } = key;
  const verdict = checkSignature(keys, signedText(key));
  const principal = keys.principalOf(keyId);
  if (verdict !== 'signed' || principal === undefined)
    return { reason: verdict, code: 'bad_signature', says: 'the signature is wrong' };
  const used = nonces.take({ keyId, nonce, signedAt: timestamp * 1000, skewMs: SIGN_SKEW_MS });
  switch (used) {
    case 'fresh':
      keys.noteUse(keyId);
      return principal;
    case 'skewed':
      return { reason: 'nonce_skewed', code: 'clock_skew', says: 'the timestamp is more than 60 s off' };
    case 'repeated':
      return { reason: 'nonce_repeated', code: 'bad_signature', says: 'the nonce was used before; sign with another' };
    case 'full':
      return { reason: 'nonce_full', code: 'too_many_requests', says: 'more signed connects than can be remembered' };
  }
}

function signingText({ id, name = '', timestamp, nonce }: Omit<SignedKey, 'sig'>): string {
  return ['tidewall.v1', id, name, timestamp, nonce, NO_CLAIMS].join('\0');
}
