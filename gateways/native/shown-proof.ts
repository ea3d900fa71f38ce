import type { GatewayContext, Principal } from '@tidewall/contracts';
import { type ErrorName, TidewallError, type Validity } from '@tidewall/protocol';
import type { RefreshCommand, SignedKey } from '@tidewall/protocol/schema';
import { type ConnectRefusal, verifyConnect } from './signed-connect.ts';

/** Who shows a token. What it is refused with says whether a newer one may be better. */
export async function whoseToken(
  { identifyToken }: Pick<GatewayContext, 'identifyToken'>,
  token: string,
  told: (failure: unknown) => TidewallError,
): Promise<Principal | ConnectRefusal> {
  try {
    return await identifyToken(token);
  } catch (failure) {
    const { kind, message } = told(failure);
    const code = kind === 'token_expired' ? 'token_expired' : kind === 'unauthenticated' ? 'bad_signature' : 'internal';
    return { reason: kind, code, says: message };
  }
}

type Verifying = Pick<GatewayContext, 'identifyToken' | 'keys' | 'nonces' | 'clock'>;

/** Who shows something newer while connected. @throws TidewallError unauthenticated, token_expired, busy */
export async function whoRefreshes(context: Verifying, { token, key }: RefreshCommand): Promise<Principal> {
  if (key === undefined) return await context.identifyToken(token as string);
  const verdict = verifyConnect(context, key as SignedKey);
  if (!('code' in verdict)) return verdict;
  const { code, says } = verdict;
  const kind: ErrorName = code === 'too_many_requests' ? 'busy' : 'unauthenticated';
  throw new TidewallError(kind, says, {
    ...(kind === 'busy' && { afterMs: BUSY_AFTER_MS }),
    ...(code === 'clock_skew' && { detail: { now: context.clock.now() } }),
  });
}

const BUSY_AFTER_MS = 1000;

/** How long what somebody has shown is good for. */
export function validityOf({ endsAt }: Principal, now: number): Validity {
  return endsAt === undefined ? {} : { expiresMs: Math.max(0, Math.round(endsAt - now)) };
}
