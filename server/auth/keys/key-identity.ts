import type { IncomingMessage } from 'node:http';
import type { Clock } from '@tidewall/base';
import type { KeyRing, Meter, NonceMemory, NonceVerdict, Principal } from '@tidewall/contracts';
import { type ErrorName, TidewallError } from '@tidewall/protocol';
import { authorizationOf } from '../authorization.ts';
import type { Identity } from '../identity.ts';
import { sameText } from '../same-text.ts';
import { NO_BODY, REQUEST_SKEW_MS, readRequestSignature, requestSignature, sha256 } from './request-signature.ts';
import { secretOf } from './secret-of.ts';
import { type ShownBy, ShownPrincipals } from './shown-principals.ts';

export interface KeyIdentityOptions {
  readonly keys: KeyRing;
  readonly nonces: NonceMemory;
  readonly clock: Clock;
  readonly meter: Meter;
}

/** Those who show a key, or what it has signed. */
export interface KeyIdentity extends Identity {
  ofToken(token: string): Principal | undefined;
  /** Whether a request has signed its body, which must be checked before anything is done with it. */
  signsBody(request: IncomingMessage): boolean;
  /** @throws TidewallError unauthenticated unless it is the body that the request has signed, if it has */
  checkBody(request: IncomingMessage, body: Uint8Array): void;
  /** For those who read bodies by themselves. @throws TidewallError unauthenticated when it has signed one, or must have */
  requireNoBody(request: IncomingMessage): void;
}

const SIGNED = 'tidewall-hmac';
/** The same for every id and every secret that is not right: what is wrong is for the operator to know. */
const WRONG = 'the signature is wrong';

const OF_NONCES: Readonly<Record<Exclude<NonceVerdict, 'fresh'>, readonly [ErrorName, string, afterMs?: number]>> = {
  skewed: [
    'unauthenticated',
    "the timestamp is more than 60 s off the server's clock, which is in detail.now; sign again",
  ],
  repeated: ['unauthenticated', 'the nonce was used before; sign with another'],
  full: ['busy', 'more has been signed than can be remembered; sign again in a moment', 1000],
};

/**
 * Who shows a key: `Bearer <id>:<secret>`, `Token <id>:<secret>`, or the two as user and password, where the key may be
 * shown; else a signature of the request, which is good once. A key that there is not, one that is not valid and a wrong
 * secret are told apart neither by the answer nor by the time that it takes.
 */
export function createKeyIdentity({ keys, nonces, clock, meter }: KeyIdentityOptions): KeyIdentity {
  const principals = new ShownPrincipals(keys);
  /** What the bodies of requests that were signed must hash to. */
  const bodies = new WeakMap<IncomingMessage, string>();
  const refused = meter.counter('tidewall_signed_requests_refused_total', 'HTTP requests whose signature was refused', [
    'reason',
  ]);
  const refuse = (reason: string, [kind, says, afterMs = 0]: readonly [ErrorName, string, number?]) => {
    refused.add(1, { reason });
    return new TidewallError(kind, says, {
      afterMs,
      ...(reason === 'nonce_skewed' && { detail: { now: clock.now() } }),
    });
  };

  function letIn(id: string, secret: string, by: ShownBy): Principal | undefined {
    const principal = principals.of(id, secret, by);
    if (principal !== undefined) keys.noteUse(id);
    return principal;
  }

  function ofPair(id: string, given: string): Principal | undefined {
    const secret = secretOf(keys, id, (own) => sameText(own, given));
    if (secret === undefined) return undefined;
    if (keys.find(id)?.bearer) return letIn(id, secret, 'bearer');
    // Only who has the secret is told.
    const says = `the key ${id} only signs: its secret must not be sent; or let it with "tidewall keys set ${id} --bearer"`;
    throw new TidewallError('unauthenticated', says);
  }

  function ofToken(token: string): Principal | undefined {
    const colon = token.indexOf(':');
    return colon === -1 ? undefined : ofPair(token.slice(0, colon), token.slice(colon + 1));
  }

  function ofSignature(text: string, request: IncomingMessage): Principal {
    const signature = readRequestSignature(text);
    const { id, timestamp, nonce, body } = signature;
    const asked = { method: request.method ?? '', target: request.url ?? '' };
    const secret = secretOf(keys, id, (own) => sameText(requestSignature(own, signature, asked), signature.sig));
    if (secret === undefined) {
      const reason = keys.find(id) === undefined ? 'unknown_key' : 'bad_signature';
      throw refuse(reason, ['unauthenticated', WRONG]);
    }
    // Only what was signed is remembered, or strangers could fill the memory.
    const used = nonces.take({ keyId: id, nonce, signedAt: timestamp * 1000, skewMs: REQUEST_SKEW_MS });
    if (used !== 'fresh') throw refuse(`nonce_${used}`, OF_NONCES[used]);
    const principal = letIn(id, secret, 'signature');
    if (principal === undefined) throw refuse('unknown_key', ['unauthenticated', WRONG]);
    bodies.set(request, body);
    return principal;
  }

  const badBody = (says: string) => refuse('bad_body', ['unauthenticated', says]);
  return {
    of(request) {
      const shown = authorizationOf(request);
      if (shown === undefined) return undefined;
      if ('token' in shown) return ofToken(shown.token);
      if ('user' in shown) return ofPair(shown.user, shown.password);
      if (shown.scheme === 'token') return ofToken(shown.rest);
      return shown.scheme === SIGNED ? ofSignature(shown.rest, request) : undefined;
    },
    ofToken,
    signsBody: (request) => bodies.has(request),
    checkBody(request, body) {
      const signed = bodies.get(request);
      if (signed === undefined || sameText(signed, sha256(body))) return;
      throw badBody('the body is not the one that was signed; nothing was done');
    },
    requireNoBody(request) {
      const signed = bodies.get(request);
      if (signed === undefined) return;
      const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
      if (signed === NO_BODY && length === '0' && encoding === undefined) return;
      throw badBody('a request with a body is signed for /api/… alone; here, sign the connect command');
    },
  };
}
