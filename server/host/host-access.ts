import type { IncomingMessage } from 'node:http';
import { ANYBODY, createDecider, DEFAULT_RULES, type Decider, HERE, OPEN_RULES } from '@tidewall/access';
import type { Principal, Rule } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { isFromHere } from './http/from-here.ts';
import { isLoopback } from './origin-guard.ts';

export interface HostAccessOptions {
  readonly mode: 'auto' | 'open' | 'closed';
  /** The address that it listens on, as it was configured. */
  readonly boundHost: string;
  /** In place of what the built-in roles may do. */
  readonly rules: readonly Rule[] | undefined;
}

/** Who may do what on this server, and whether everybody may. */
export interface HostAccess extends Decider {
  /** Whether rules decide; otherwise it is open to everybody who reaches it. */
  readonly closed: boolean;
  /** From here on rules decide, unless it was said that it is open. Who came before has to come again. */
  close(): void;
  /**
   * Who sends what shows nothing that is known here.
   *
   * @throws TidewallError unauthenticated when it shows something, and rules decide
   */
  anybody(request: IncomingMessage): Principal;
  /** Whose a token is that is not known here. @throws TidewallError unauthenticated when rules decide */
  unknownToken(): Principal;
}

export function createHostAccess({ mode, boundHost, rules }: HostAccessOptions): HostAccess {
  let closed = mode === 'closed' || (mode === 'auto' && (!isLoopback(boundHost) || rules !== undefined));
  const byRules = createDecider(rules ?? DEFAULT_RULES);
  const open = createDecider(OPEN_RULES);
  const decider = () => (closed ? byRules : open);

  const stranger: Principal = { id: ANYBODY, roles: [ANYBODY] };
  const standing = () => (closed ? 'changed' : 'stands');
  const anybody: Principal = { ...stranger, standing };
  const here: Principal = { ...anybody, roles: [ANYBODY, HERE] };

  return {
    get closed() {
      return closed;
    },
    close() {
      closed ||= mode === 'auto';
    },
    anybody(request) {
      if (!closed) return isFromHere(request) ? here : anybody;
      if (request.headers.authorization === undefined) return stranger;
      throw new TidewallError('unauthenticated', 'what the header Authorization shows is not known here');
    },
    unknownToken() {
      if (!closed) return anybody;
      throw new TidewallError('unauthenticated', 'the token is none that this server knows');
    },
    decide: (principal, need) => decider().decide(principal, need),
    because: (principal, need) => decider().because(principal, need),
    permit: (principal, action, topic) => decider().permit(principal, action, topic),
  };
}
