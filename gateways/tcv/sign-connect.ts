import type { JsonObject } from '@tidewall/base';
import { hmac } from '../signed/index.ts';
import { SIGNATURE_FIELD, tcvSigningText } from './signing-text.ts';

export interface TcvSigner {
  readonly secretId: string;
  readonly secretKey: string;
}

/**
 * The body of a Connect, signed.
 *
 * @param fields what differs each time, and anything else that is to be signed
 * @throws TypeError when a field is a list or an object
 */
export function signTcvConnect(
  { secretId, secretKey }: TcvSigner,
  fields: JsonObject & { readonly TcvTimestamp: number; readonly TcvNonce: number },
): JsonObject {
  const body = { ...fields, TcvSecretId: secretId };
  const text = tcvSigningText(body);
  if (text === undefined) throw new TypeError('a field of Connect must not be a list or an object');
  return { ...body, [SIGNATURE_FIELD]: hmac(secretKey, text, 'base64') };
}
