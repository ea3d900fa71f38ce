import { isIPv6 } from 'node:net';
import type { Principal } from '@tidewall/contracts';
import { isLoopback } from '../origin-guard.ts';

/** Whose allowance something is taken from; what is absent is not counted. */
export interface Subjects {
  /** The network that it comes from. */
  readonly address?: string | undefined;
  /** The id of who it is, as `key:tk7`. */
  readonly caller?: string | undefined;
}

/**
 * Who an id counts as: whoever has a key, a name or a token. Undefined for `anybody`, who is many and counts by its
 * address alone, and for this machine itself.
 */
export function callerOf(id: string): string | undefined {
  return id.includes(':') ? id : undefined;
}

/**
 * What an address counts as: itself, or of version 6 the /64 that it is in, since a house has as many addresses as that.
 * Undefined on this machine: whoever is here can do worse, and a proxy that was not named would make all the world one.
 */
export function networkOf(address: string): string | undefined {
  if (address === '' || isLoopback(address)) return undefined;
  return isIPv6(address) ? `${firstHalf(address)}::/64` : address;
}

/** What somebody who has come counts as. */
export function subjectsOf({ id, arrival }: Principal): Subjects {
  return { address: arrival?.address, caller: callerOf(id) };
}

/** What a caller is, as a label: strangers cannot make labels. */
export function kindOfCaller(caller: string): string {
  const kind = caller.slice(0, caller.indexOf(':'));
  return ['key', 'user', 'token'].includes(kind) ? kind : 'other';
}

/** Four groups, without zeros in front, whatever way the address was written in. */
function firstHalf(address: string): string {
  const [before = '', after] = address.split('::');
  const groups = before === '' ? [] : before.split(':');
  const rest = after === undefined || after === '' ? [] : after.split(':');
  // An address of version 4 at the end is two groups.
  const ending = rest.length + (rest.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = after === undefined ? 0 : Math.max(0, 8 - groups.length - ending);
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...rest];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
