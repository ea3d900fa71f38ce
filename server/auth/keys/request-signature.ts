import { createHash, createHmac } from 'node:crypto';
import { TidewallError } from '@tidewall/protocol';

/** How far the clock of a signer may be off, to either side; as for connects. */
export const REQUEST_SKEW_MS = 60_000;
/** What a request without a body signs. */
export const NO_BODY = sha256('');

/** What a request claims to have signed: the parameters of `Authorization: Tidewall-HMAC`. */
export interface RequestSignature {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly nonce: string;
  /** SHA-256 of the body, in lower-case hex. */
  readonly body: string;
  readonly sig: string;
}

/** What is asked: `POST`, and the address as it is sent, with what is behind its question mark. */
export interface AskedFor {
  readonly method: string;
  readonly target: string;
}

/** The value of the header `Authorization` by which a key asks for something, once. */
export function signRequest(
  { keyId, secret }: { readonly keyId: string; readonly secret: string },
  asked: AskedFor,
  { body, ...fields }: { readonly timestamp: number; readonly nonce: string; readonly body: string | Uint8Array },
): string {
  const unsigned = { id: keyId, ...fields, body: sha256(body) };
  const sig = requestSignature(secret, unsigned, asked);
  const parts = Object.entries({ ...unsigned, sig }).map(([name, value]) => `${name}=${value}`);
  return `Tidewall-HMAC ${parts.join(', ')}`;
}

/** The `sig` that a secret makes; its text begins as no other that is signed here does. */
export function requestSignature(
  secret: string,
  { id, timestamp, nonce, body }: Omit<RequestSignature, 'sig'>,
  { method, target }: AskedFor,
): string {
  const text = ['tidewall.http.v1', id, method, target, timestamp, nonce, body].join('\0');
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** In lower-case hex. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const PARAMETERS: Readonly<Record<keyof RequestSignature, RegExp>> = {
  id: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  timestamp: /^(0|[1-9]\d{0,11})$/,
  nonce: /^[A-Za-z0-9._~-]{8,64}$/,
  body: /^[0-9a-f]{64}$/,
  sig: /^[A-Za-z0-9_-]{43}$/,
};

/**
 * Reads what stands behind `Tidewall-HMAC`: each parameter once, in any order, with quotes or without.
 *
 * @throws TidewallError unauthenticated naming the parameter
 */
export function readRequestSignature(text: string): RequestSignature {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    const [, name = '', quoted, bare] = /^\s*([a-z]+)=(?:"([^"]*)"|([^"\s]*))\s*$/.exec(part) ?? [];
    if (!Object.hasOwn(PARAMETERS, name) || found.has(name)) throw malformed();
    found.set(name, quoted ?? bare ?? '');
  }
  const read = (name: keyof RequestSignature): string => {
    const value = found.get(name) ?? '';
    if (!PARAMETERS[name].test(value)) throw malformed(name);
    return value;
  };
  const { id, nonce, body, sig } = { id: read('id'), nonce: read('nonce'), body: read('body'), sig: read('sig') };
  return { id, timestamp: Number(read('timestamp')), nonce, body, sig };
}

function malformed(name?: keyof RequestSignature): TidewallError {
  const must = name === undefined ? '' : `: ${name} must match ${PARAMETERS[name].source}`;
  return new TidewallError(
    'unauthenticated',
    `Authorization must be Tidewall-HMAC id=…, timestamp=…, nonce=…, body=…, sig=…${must}`,
  );
}
