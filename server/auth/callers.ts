import type { IncomingMessage } from 'node:http';
import type { Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Identity } from './identity.ts';

export interface CallersOptions {
  /** Asked one after another; the first that knows something decides. */
  readonly identities: readonly Identity[];
  /** Who sends what shows nothing that one of them knows. @throws TidewallError unauthenticated */
  anybody(request: IncomingMessage): Principal;
  /** Whose a token is that none of them knows. @throws TidewallError unauthenticated */
  unknownToken(): Principal;
}

/** Who has sent which request: found out once, at the door, before anything else looks at it. */
export interface Callers {
  /** Finds it out; a promise only when that has to be waited for. Never fails: `of` tells what was wrong. */
  establish(request: IncomingMessage): Promise<void> | undefined;
  /** Why a request may not come in, whatever it wants: what it shows is not for whoever has made it. */
  refusalOf(request: IncomingMessage): TidewallError | undefined;
  /** @throws TidewallError unauthenticated, token_expired when the request shows something that is wrong */
  of(request: IncomingMessage): Principal;
  /** Who a token is of that comes in a frame. @throws TidewallError unauthenticated, token_expired */
  ofToken(token: string): Promise<Principal>;
}

export function createCallers({ identities, anybody, unknownToken }: CallersOptions): Callers {
  const known = new WeakMap<IncomingMessage, Principal | TidewallError>();
  const keep = (request: IncomingMessage, found: () => Principal) => {
    try {
      known.set(request, found());
    } catch (failure) {
      known.set(request, asRefusal(failure));
    }
  };

  /** From the first that has to be waited for on. */
  async function wait(request: IncomingMessage, first: Promise<Principal | undefined>, next: number): Promise<void> {
    try {
      let found = await first;
      for (let i = next; found === undefined && i < identities.length; i++) found = await identities[i]?.of(request);
      known.set(request, found ?? anybody(request));
    } catch (failure) {
      known.set(request, asRefusal(failure));
    }
  }

  return {
    establish(request) {
      try {
        for (const [at, identity] of identities.entries()) {
          const found = identity.of(request);
          if (found === undefined) continue;
          if (found instanceof Promise) return wait(request, found, at + 1);
          known.set(request, found);
          return undefined;
        }
      } catch (failure) {
        known.set(request, asRefusal(failure));
        return undefined;
      }
      keep(request, () => anybody(request));
      return undefined;
    },
    refusalOf(request) {
      const found = known.get(request);
      return found instanceof TidewallError && found.kind === 'permission_denied' ? found : undefined;
    },
    of(request) {
      const found = known.get(request);
      if (found === undefined) throw new Error('broken invariant: a request that did not come through the door');
      if (found instanceof TidewallError) throw found;
      return found;
    },
    async ofToken(token) {
      for (const identity of identities) {
        const found = await identity.ofToken?.(token);
        if (found !== undefined) return found;
      }
      return unknownToken();
    },
  };
}

function asRefusal(failure: unknown): TidewallError {
  if (failure instanceof TidewallError) return failure;
  return new TidewallError('internal', 'it could not be found out who this is', { cause: failure });
}
