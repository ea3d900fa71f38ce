import { TidewallError } from '@tidewall/protocol';
import type { RouteCall } from './route.ts';

/** @throws TidewallError permission_denied when the call comes from another machine than the server's own */
export function requireHere(
  { fromHere }: Pick<RouteCall<unknown, unknown>, 'fromHere'>,
  what: 'keys' | 'sources' | 'files',
): void {
  if (fromHere) return;
  const command = what === 'files' ? '' : `: run "tidewall ${what}" there`;
  throw new TidewallError('permission_denied', `${what} are made and listed on the machine of the server${command}`);
}
