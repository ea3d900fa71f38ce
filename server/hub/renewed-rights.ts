import type { Access, Principal } from '@tidewall/contracts';
import type { Limits } from '@tidewall/protocol';
import type { Subscription } from './subscription.ts';
import { viewOptions } from './view-options.ts';

/** Below 2500, so that its client does not ask again: 2000 and the number of `permission_denied`. */
const NOT_ALLOWED = 2103;
/** Its client asks again, for all but a `log` without the position that it had: that was of what it saw before. */
export const BEGIN_ANEW = 2501;

/** Ends those whose owner may not have them any more, or is shown something else by them. */
export function endByRights(
  subscriptions: readonly Subscription[],
  principal: Principal,
  { access, limits }: { readonly access: Access; readonly limits: Limits },
): void {
  for (const subscription of subscriptions) {
    const end = endOf(subscription, access, principal, limits.flushWindowMs);
    if (end) subscription.view.endOf(subscription, end);
  }
}

/** Why a subscription ends, now that its owner has other rights; undefined when it goes on as it is. */
function endOf(
  { topic, asked, view }: Subscription,
  access: Access,
  principal: Principal,
  windowMs: number,
): { readonly code: number; readonly reason: string } | undefined {
  const refused = (action: string) => ({
    code: NOT_ALLOWED,
    reason: `permission_denied: ${principal.id} may not ${action} ${topic.name} any more`,
  });
  const permission = access.permit(principal, 'read', topic.name);
  if (permission === undefined) return refused('read');
  if (asked.presence && access.permit(principal, 'presence', topic.name) === undefined) return refused('presence');
  const { key } = viewOptions(topic.settings, asked, permission, windowMs);
  if (key === view.options.key) return undefined;
  return { code: BEGIN_ANEW, reason: `${principal.id} may see something else of ${topic.name} than before` };
}
