import { createHash } from 'node:crypto';
import { ownRuleSchema, roleSchema } from '@tidewall/access';
import type { Clock } from '@tidewall/base';
import type { Outgoing, Principal, Rule } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { authorizationOf } from '../authorization.ts';
import type { Identity } from '../identity.ts';
import { algorithmsOf, type FindKey, keyFinder } from './issuer-keys.ts';
import type { Issuer } from './issuer-schema.ts';

export interface TokensOptions {
  /** By their names here. */
  readonly issuers: Readonly<Record<string, Issuer>>;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
}

interface Known {
  readonly principal: Principal;
  /** A key may be taken back: it is looked at again then. */
  readonly lookAgainAt: number;
}

/** Tokens that are remembered, so that a program with one need not have it checked at each request. */
const MOST_KNOWN = 10_000;
const LOOK_AGAIN_MS = 60_000;
/** A longer one is nobody's; it is also what a header and a connect command may have. */
const MOST_CHARACTERS = 8192;
const MOST_RULES = 100;

/**
 * JSON Web Tokens (RFC 7519) of the issuers that are configured: who has one is `token:<issuer>:<sub>`, with the roles and
 * rules that it claims, as long as it says.
 */
export function createTokenIdentity({ issuers, outgoing, clock }: TokensOptions): Identity {
  const trusted = Object.entries(issuers).map(([name, issuer]) => ({
    name,
    issuer,
    find: keyFinder(issuer, outgoing),
  }));
  const known = new Map<string, Known>();

  async function check(token: string): Promise<Principal | undefined> {
    const issuer = issuerOf(token);
    const by = trusted.find((one) => one.issuer.issuer === issuer);
    if (by === undefined) return undefined;
    const id = createHash('sha256').update(token).digest('base64');
    const before = known.get(id);
    const now = clock.now();
    if (before !== undefined && now < before.lookAgainAt) return before.principal;
    known.delete(id);
    const principal = await verify(token, by);
    const first = known.keys().next();
    if (known.size >= MOST_KNOWN && !first.done) known.delete(first.value);
    known.set(id, { principal: before?.principal ?? principal, lookAgainAt: now + LOOK_AGAIN_MS });
    return before?.principal ?? principal;
  }

  async function verify(
    token: string,
    { name, issuer, find }: { readonly name: string; readonly issuer: Issuer; readonly find: FindKey },
  ): Promise<Principal> {
    try {
      const { payload } = await jwtVerify(token, find, {
        ...{ issuer: issuer.issuer, audience: issuer.audience, algorithms: [...algorithmsOf(issuer)] },
        ...{ clockTolerance: issuer.clockToleranceS, requiredClaims: ['exp', 'sub'] },
        currentDate: new Date(clock.now()),
      });
      return principalOf(name, issuer, payload, clock);
    } catch (failure) {
      throw refusalOf(failure);
    }
  }

  return {
    of(request) {
      const shown = authorizationOf(request);
      return shown !== undefined && 'token' in shown && looksLikeOne(shown.token) ? check(shown.token) : undefined;
    },
    ofToken: (token) => (looksLikeOne(token) ? check(token) : undefined),
  };
}

/** Three parts of base64url (RFC 7515, section 7.1). */
function looksLikeOne(token: string): boolean {
  return token.length <= MOST_CHARACTERS && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/** Who a token says has made it; it is not believed yet. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function principalOf(name: string, issuer: Issuer, payload: JWTPayload, clock: Clock): Principal {
  const { sub = '', exp = 0 } = payload;
  const endsAt = (exp + issuer.clockToleranceS) * 1000;
  const rules = issuer.rulesClaim === undefined ? [] : rulesIn(payload[issuer.rulesClaim], issuer.rulesClaim);
  return {
    id: `token:${name}:${sub.slice(0, 256)}`,
    roles: [...new Set([...issuer.roles, ...rolesIn(issuer, payload)])],
    ...(rules.length > 0 && { rules }),
    endsAt,
    standing: () => (clock.now() < endsAt ? 'stands' : 'expired'),
  };
}

/** Roles that are none here, or that the issuer may not give, are left out: it has them for others. */
function rolesIn({ rolesClaim, mayGive }: Issuer, payload: JWTPayload): string[] {
  const claimed = rolesClaim === undefined ? undefined : payload[rolesClaim];
  const words = typeof claimed === 'string' ? claimed.split(/[\s,]+/) : Array.isArray(claimed) ? claimed : [];
  return words.slice(0, 256).filter((word): word is string => {
    if (!roleSchema.safeParse(word).success) return false;
    return mayGive === undefined ? word !== 'admin' : mayGive.includes(word as string);
  });
}

const rulesSchema = z.array(ownRuleSchema).max(MOST_RULES);

/** A rule that cannot be understood refuses the token: it may have been there to hide something. */
function rulesIn(claimed: unknown, claim: string): readonly Rule[] {
  if (claimed === undefined) return [];
  const result = rulesSchema.safeParse(claimed);
  if (!result.success) throw new TidewallError('unauthenticated', `the token is not taken: its ${claim} are no rules`);
  if (result.data.every((rule) => rule.topics !== undefined || rule.screens !== undefined)) return result.data;
  throw new TidewallError(
    'unauthenticated',
    `the token is not taken: its ${claim} are about more than topics and screens`,
  );
}

function refusalOf(failure: unknown): TidewallError {
  if (failure instanceof TidewallError) return failure;
  if (failure instanceof errors.JWTExpired)
    return new TidewallError('token_expired', 'the token ran out; fetch a new one');
  // What jose says names the claim, and never what is in the token.
  const why = failure instanceof errors.JOSEError ? failure.message : 'it cannot be read';
  return new TidewallError('unauthenticated', `the token is not taken: ${why}`);
}
