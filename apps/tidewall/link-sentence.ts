import type { Client } from '@tidewall/client';

/** What the one at the terminal is told of the link; undefined: nothing worth a line. @param now ms since 1970 */
export function linkSentence(status: Client['status'], url: string, now: number): string | undefined {
  switch (status.type) {
    case 'live':
      return `connected to ${url}${status.recovered ? '' : '; something may have been missed meanwhile'}`;
    case 'closed':
      return `closed: ${status.reason}`;
    case 'waiting': {
      const seconds = Math.max(0, (status.retryAt - now) / 1000).toFixed(1);
      return `no link: ${status.reason}; trying again in ${seconds} s`;
    }
    default:
      return undefined;
  }
}
