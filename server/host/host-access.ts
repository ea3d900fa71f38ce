import type { IncomingMessage } from 'node:http';
import { ANYBODY, createDecider, DEFAULT_RULES, type Decider, HERE, OPEN_RULES } from '@tidewall/access';
import type { Need, Principal, Rule } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { AUDIT_TOPIC } from './audit/audit.ts';
import { isFromHere } from './http/from-here.ts';
import { isLoopback } from './origin-guard.ts';

export interface HostAccessOptions {
  readonly mode: 'auto' | 'open' | 'closed';
  /** The address that it listens on, as it was configured. */
  readonly boundHost: string;
  /** In place of what the built-in roles may do. */
  readonly rules: readonly Rule[] | undefined;
  /** Is told what somebody asked for by name and was not allowed. */
  refused(principal: Principal, need: Need): void;
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

export function createHostAccess({ mode, boundHost, rules, refused }: HostAccessOptions): HostAccess {
  let closed = mode === 'closed' || (mode === 'auto' && (!isLoopback(boundHost) || rules !== undefined));
  const byRules = createDecider(rules ?? DEFAULT_RULES);
  const open = createDecider(OPEN_RULES);
  const decider = () => (closed ? byRules : open);
  const decide = (principal: Principal, need: Need) =>
    isHidden(principal, need) ? undefined : decider().decide(principal, meant(need));

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
    refused,
    decide,
    because: (principal, need) => decider().because(principal, meant(need)),
    permit: (principal, action, topic) => decide(principal, { thing: 'topics', action, name: topic }),
  };
}

/** The topic of the audit is read by who may see the audit, whatever may be done to topics. */
function meant(need: Need): Need {
  return need.thing === 'topics' && need.name === AUDIT_TOPIC ? { thing: 'audit', action: 'see', name: '#' } : need;
}

/** What was done is not for anybody to write, nor to delete; and where it is open, it is no topic among those of all. */
function isHidden(principal: Principal, { thing, action, name }: Need): boolean {
  return thing === 'topics' && name === AUDIT_TOPIC && (action === 'publish' || principal.id === ANYBODY);
}
