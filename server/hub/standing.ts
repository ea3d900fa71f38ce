import type { Principal, Standing } from '@tidewall/contracts';
import { type CloseName, TidewallError } from '@tidewall/protocol';

/** How a session ends whose principal does not stand as it did. */
interface End {
  readonly code: CloseName;
  readonly reason: string;
}

const ENDS: Readonly<Record<Exclude<Standing, 'stands'>, { readonly code: CloseName; readonly says: string }>> = {
  changed: { code: 'token_expired', says: 'may do something else now; connect again' },
  expired: { code: 'token_expired', says: 'was let in until now; connect again with something newer' },
  gone: { code: 'closed_by_operator', says: 'may not be here any more' },
};

/** Why a session of somebody ends now; undefined when it goes on. */
export function endOf(principal: Principal): End | undefined {
  const standing = principal.standing?.() ?? 'stands';
  if (standing === 'stands') return undefined;
  const { code, says } = ENDS[standing];
  return { code, reason: `${principal.id} ${says}` };
}

/** @throws TidewallError conflict unless it is the same one */
export function requireSame(before: Principal, after: Principal): void {
  if (before.id === after.id) return;
  throw new TidewallError('conflict', `this session is of ${before.id}, not of ${after.id}; connect again`);
}

/** Whether it is said of both that they may do the same. */
export function haveSameRights(before: Principal, after: Principal): boolean {
  return rightsOf(before) === rightsOf(after);
}

function rightsOf({ roles, rules = [] }: Principal): string {
  return JSON.stringify([[...roles].sort(), rules]);
}
