import type { Access, Action, Permission, Principal } from '@tidewall/contracts';
import { TidewallError, type TopicName } from '@tidewall/protocol';

/** What somebody may do to a topic. @throws TidewallError permission_denied */
export function requirePermission(access: Access, principal: Principal, action: Action, name: TopicName): Permission {
  const permission = access.permit(principal, action, name);
  if (permission) return permission;
  access.refused?.(principal, { thing: 'topics', action, name });
  throw new TidewallError('permission_denied', `${principal.id} may not ${action} ${name}`);
}
