import type { GatewayContext, Outlet, Principal, Session } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';

/** When who found the server full may ask again. */
export const FULL_AFTER_MS = [10_000, 20_000] as const;

/** A session of the hub for one request. @throws TidewallError busy when there are as many as are allowed */
export function openSession({ hub }: GatewayContext, principal: Principal, outlet: Outlet): Session {
  try {
    return hub.open(principal, outlet);
  } catch (failure) {
    if (!(failure instanceof TidewallError) || failure.kind !== 'limit_exceeded') throw failure;
    throw new TidewallError('busy', failure.message, { afterMs: FULL_AFTER_MS[0], cause: failure });
  }
}
