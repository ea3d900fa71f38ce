import type { Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { FastifyRequest } from 'fastify';
import type { ApiContext } from './api-context.ts';
import type { BoundRoute, RouteAnswer } from './route.ts';

export interface AuditedCall {
  readonly request: FastifyRequest;
  readonly route: BoundRoute;
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Runs a call; what it changes, and what it is refused, is in the audit. Publications are not: they are data. */
export async function audited(
  { audit, addresses }: Pick<ApiContext, 'audit' | 'addresses'>,
  call: AuditedCall,
  run: () => Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  const { request, route, principal, params } = call;
  const changes = route.method !== 'GET' && route.decidedBy !== 'hub';
  const on = Object.values(params).find((value) => value !== undefined);
  const entry = {
    ...{ who: principal.id, address: addresses.of(request.raw), what: `${route.method} ${route.path}` },
    ...(on !== undefined && { on: on.slice(0, 256) }),
  };
  try {
    const answer = await run();
    if (changes) audit.note({ ...entry, outcome: 'done' });
    return answer;
  } catch (failure) {
    const reason = failure instanceof TidewallError ? failure.kind : 'internal';
    // Of topics the hub has told it already, whoever asked over which wire.
    const byHub = route.decidedBy === 'hub' && reason === 'permission_denied';
    if (reason === 'unauthenticated' || reason === 'permission_denied') {
      if (!byHub) audit.refused({ ...entry, reason });
    } else if (changes) audit.note({ ...entry, outcome: 'failed', reason });
    throw failure;
  }
}
