import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  type JWTVerifyGetKey,
} from 'jose';
import { type Issuer, SECRET_ALGORITHMS } from './issuer-schema.ts';

export type FindKey = JWTVerifyGetKey;

const FETCH_MS = 5000;
const MOST_BYTES = 256 * 1024;
/** Between two fetches because of a key that is not known: strangers could make us ask for ever. */
const COOLDOWN_MS = 30_000;
const CACHE_MS = 600_000;

/** What may sign for an issuer, by the kind of its key; never by what the token says (RFC 8725). */
export function algorithmsOf({ secret, algorithms }: Issuer): readonly string[] {
  return algorithms ?? (secret === undefined ? ['RS256', 'ES256'] : [SECRET_ALGORITHMS[0]]);
}

/** Finds the key that a token of an issuer was signed with. */
export function keyFinder({ issuer, secret, publicKey, jwks }: Issuer, outgoing: Outgoing): FindKey {
  if (secret !== undefined) return always(createSecretKey(Buffer.from(secret)));
  if (publicKey !== undefined) return always(createPublicKey(publicKey));
  return remoteKeys(jwks as string, issuer, outgoing);
}

/** Finds keys in a key set, which is asked for again when it does not have one; `of` names whose they are, for messages. */
export function remoteKeys(url: string, of: string, outgoing: Pick<Outgoing, 'request'>): FindKey {
  const find = createRemoteJWKSet(new URL(url), {
    ...{ timeoutDuration: FETCH_MS, cooldownDuration: COOLDOWN_MS, cacheMaxAge: CACHE_MS },
    [customFetch]: async (address: string) => {
      const response = await outgoing.request(address, { timeoutMs: FETCH_MS, maxBytes: MOST_BYTES });
      return new Response(await response.text(), { status: response.status });
    },
  });
  return async (header: JWSHeaderParameters, token: FlattenedJWSInput) => {
    try {
      return await find(header, token);
    } catch (failure) {
      // No such key, or several: that is the token's fault. All else is the issuer's, or the network's.
      if (failure instanceof errors.JWKSNoMatchingKey || failure instanceof errors.JWKSMultipleMatchingKeys)
        throw failure;
      const why = failure instanceof Error ? failure.message : String(failure);
      throw new TidewallError('busy', `the keys of ${of} cannot be had: ${why}`, { afterMs: 5000 });
    }
  };
}

function always(key: KeyObject): FindKey {
  return (async () => key) as unknown as FindKey;
}
