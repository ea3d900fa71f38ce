import type { Transport, TransportLink } from '@tidewall/browser-contracts/transport';

/**
 * A transport whose code is fetched when a link is first opened with it, so that who never needs it never loads it. A
 * fetch that fails is a link that cannot be opened, and is tried again with the next.
 */
export function lazyTransport(name: string, load: () => Promise<Transport>): Transport {
  return {
    name,
    open(url, events) {
      let link: TransportLink | undefined;
      let over = false;
      load().then(
        (transport) => {
          if (!over) link = transport.open(url, events);
        },
        () => {
          if (over) return;
          over = true;
          events.closed(1006, `the code of the transport ${name} cannot be loaded`);
        },
      );
      return {
        send: (text) => link?.send(text),
        close(code, reason) {
          if (link !== undefined) link.close(code, reason);
          else if (!over) events.closed(code, reason);
          over = true;
        },
      };
    },
  };
}
