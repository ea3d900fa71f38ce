import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { ClientAddresses } from '../http/client-address.ts';
import type { RateLimits } from './rate-limits.ts';
import { callerOf, networkOf } from './subjects.ts';

export interface DoorRatesOptions {
  readonly rates: RateLimits;
  readonly addresses: ClientAddresses;
  /** Who has sent a request. @throws TidewallError when that was wrong */
  callerOf(request: IncomingMessage): Principal;
}

/** How much may come in by the doors of the server: what is refused there has cost next to nothing. */
export interface DoorRates {
  /** Before anything is looked at: by where it comes from. */
  knock(request: IncomingMessage, rate: DoorRate): TidewallError | undefined;
  /** When it is known who has sent it: by that. */
  enter(request: IncomingMessage, rate: DoorRate): TidewallError | undefined;
  /** Counts a link that stays until it is closed. */
  stay(request: IncomingMessage, link: EventEmitter): TidewallError | undefined;
  /** Who has sent a request, with where it comes from. @throws TidewallError when that was wrong */
  arrived(request: IncomingMessage): Principal;
}

/** `connects` is what begins something, `requests` all else. */
export type DoorRate = 'requests' | 'connects';

export function createDoorRates({ rates, addresses, callerOf: whoSent }: DoorRatesOptions): DoorRates {
  const networks = new WeakMap<IncomingMessage, { readonly address: string | undefined }>();
  const addressOf = (request: IncomingMessage): string | undefined => {
    let known = networks.get(request);
    if (known === undefined) {
      known = { address: networkOf(addresses.of(request)) };
      networks.set(request, known);
    }
    return known.address;
  };
  const callerAt = (request: IncomingMessage): string | undefined => {
    try {
      return callerOf(whoSent(request).id);
    } catch {
      // Who shows what is wrong is nobody; it is refused for that elsewhere.
      return undefined;
    }
  };
  return {
    knock: (request, rate) => rates.take(rate, { address: addressOf(request) }),
    enter: (request, rate) => rates.take(rate, { caller: callerAt(request) }),
    stay(request, link) {
      const release = rates.hold('connections', { address: addressOf(request), caller: callerAt(request) });
      if (release instanceof TidewallError) return release;
      link.once('close', release);
      return undefined;
    },
    arrived(request) {
      const principal = whoSent(request);
      const address = addressOf(request);
      if (address === undefined && callerOf(principal.id) === undefined) return principal;
      return { ...principal, arrival: { principal, address, atDoor: true } };
    },
  };
}
