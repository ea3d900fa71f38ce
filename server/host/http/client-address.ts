import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { AddressList } from '@tidewall/outgoing';

/** Where requests come from, behind the proxies that are trusted. */
export interface ClientAddresses {
  /**
   * The address of whoever has sent a request. What `X-Forwarded-For` says is believed from its end on, as long as the one
   * that says it is a trusted proxy: what strangers write in front of that changes nothing.
   */
  of(request: IncomingMessage): string;
  /** Whether it came over TLS, here or at a trusted proxy that says so. */
  isSecure(request: IncomingMessage): boolean;
}

/** More proxies in a row than this are none. */
const MOST_HOPS = 16;

/** @param trusted the proxies whose word counts */
export function createClientAddresses(trusted: AddressList): ClientAddresses {
  const isProxy = (address: string) => trusted.hasAddress(address);
  return {
    of({ socket, headers }) {
      let address = plain(socket.remoteAddress ?? '');
      const said = headerText(headers['x-forwarded-for']).split(',').slice(-MOST_HOPS);
      while (isProxy(address) && said.length > 0) {
        const before = plain((said.pop() ?? '').trim());
        // A proxy that names nobody is where it comes from.
        if (isIP(before) === 0) break;
        address = before;
      }
      return address;
    },
    isSecure({ socket, headers }) {
      if ('encrypted' in socket && socket.encrypted === true) return true;
      if (!isProxy(plain(socket.remoteAddress ?? ''))) return false;
      return headerText(headers['x-forwarded-proto']).split(',').at(-1)?.trim() === 'https';
    },
  };
}

/** Without brackets, port, zone and the form of version 6 for one of version 4. */
function plain(text: string): string {
  const bare = text.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/%.*$/, '');
  const withoutPort = isIP(bare) === 0 ? bare.replace(/:\d+$/, '') : bare;
  return withoutPort.replace(/^::ffff:(?=\d+\.)/i, '');
}

function headerText(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
