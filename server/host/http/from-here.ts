import type { IncomingMessage } from 'node:http';
import { hostName, isLoopback } from '../origin-guard.ts';

/**
 * Whether a request was made on this machine, and by nobody who passes on what others ask: a proxy on this machine does,
 * and says so.
 */
export function isFromHere({ headers, socket }: IncomingMessage): boolean {
  // A page whose name was made to point here comes from this machine, too; its name tells.
  if (!isLoopback(hostName(headers.host ?? '') ?? '')) return false;
  const passedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
  const { remoteAddress = '' } = socket;
  return !passedOn && isLoopback(remoteAddress.replace(/^::ffff:/i, ''));
}
