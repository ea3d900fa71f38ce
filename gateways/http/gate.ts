import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName, TidewallError } from '@tidewall/protocol';
import type { Connections } from '../native/connections.ts';

/** Why a client may not come in, in words of the wire. */
export interface Turned {
  readonly name: CloseName;
  readonly reason: string;
  readonly afterMs?: readonly [number, number] | undefined;
}

/** Who asks to be let in, or why not; that is counted. */
export function letIn(
  context: GatewayContext,
  connections: Connections,
  request: IncomingMessage,
): { readonly principal: Principal } | { readonly turned: Turned } {
  const { full, window, metrics } = connections;
  const turn = (turned: Turned) => {
    metrics.closed(CLOSE_CODES[turned.name].code);
    return { turned };
  };
  if (window !== undefined) return turn({ name: 'shutdown', reason: 'the server stops', afterMs: window });
  if (full)
    return turn({ name: 'connection_limit', reason: `there are ${context.limits.sessions} connections already` });
  const who = whoAsks(context, request);
  return who instanceof TidewallError ? turn({ name: closeNameOf(who), reason: who.message }) : { principal: who };
}

/** Who sends a request, or why that cannot be said. */
export function whoAsks(context: GatewayContext, request: IncomingMessage): Principal | TidewallError {
  try {
    return context.identify(request);
  } catch (failure) {
    return asTidewallError(context, failure);
  }
}

/** A failure as its client is told of it; what is no error of the wire is logged. */
export function asTidewallError({ log }: GatewayContext, failure: unknown): TidewallError {
  if (failure instanceof TidewallError) return failure;
  log.error({ err: failure }, 'a request of a gateway failed');
  return new TidewallError('internal', 'the server failed; it has logged why', { cause: failure });
}

function closeNameOf({ kind }: TidewallError): CloseName {
  switch (kind) {
    case 'unauthenticated':
      return 'bad_signature';
    case 'permission_denied':
      return 'permission';
    case 'token_expired':
      return 'token_expired';
    default:
      return 'internal';
  }
}
