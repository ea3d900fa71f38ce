import { isJsonObject, type JsonValue } from '@tidewall/base';
import { tcvSigningText } from './signing-text.ts';

/** A Connect whose signature has not been looked at. */
export interface ConnectBody {
  readonly secretId: string;
  /** As it was sent: a whole number of seconds since 1970. */
  readonly timestamp: number;
  readonly nonce: number;
  readonly signature: string;
  /** What was signed. */
  readonly text: string;
}

/** Far above what any client sends; hashing more for a stranger would be a gift. */
const MOST_TEXT = 8192;
const MOST_ID = 64;

/** The body of a Connect, or what is wrong with it as a sentence. */
export function readConnectBody(body: JsonValue | undefined): ConnectBody | string {
  if (!isJsonObject(body)) return 'the body of Connect must be an object';
  const { TcvSecretId: secretId, TcvTimestamp: timestamp, TcvNonce: nonce, TcvSignature: signature } = body;
  if (typeof secretId !== 'string' || secretId === '' || secretId.length > MOST_ID) {
    return `TcvSecretId must be a text of 1 to ${MOST_ID} characters`;
  }
  if (!isWhole(timestamp)) return 'TcvTimestamp must be a whole number of seconds since 1970';
  if (!isWhole(nonce)) return 'TcvNonce must be a whole number';
  if (typeof signature !== 'string') return 'TcvSignature must be a text';
  const text = tcvSigningText(body);
  if (text === undefined) return 'a field of Connect must not be a list or an object: it cannot be signed';
  if (text.length > MOST_TEXT || signature.length > MOST_TEXT) {
    return `the fields of Connect must have at most ${MOST_TEXT} characters together`;
  }
  return { secretId, timestamp, nonce, signature, text };
}

function isWhole(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
