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

      async function begin(): Promise<void> {
        try {
          const transport = await load();
          if (!over) link = transport.open(url, events);
        } catch (failure) {
          if (over) return;
          over = true;
          const said = failure instanceof Error ? failure.message : String(failure);
          events.closed(1006, `the transport ${name} cannot be used: ${said}`);
        }
      }

      void begin();
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
