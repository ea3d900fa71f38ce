import type { Transport, TransportLink } from '@tidewall/browser-contracts/transport';

/** What a connect command proves who it is with: the `key` that a signer has made, or a token. */
export interface Credentials {
  readonly key?: object;
  readonly token?: string;
}

/** The code for a link that is tried again over the same transport: it is not what failed. */
const NO_CREDENTIALS = 4000;

/**
 * A transport whose connects carry what `credentials` fetches, anew for each: a signed `key` or a fresh token, from whoever
 * has the secret. No secret is ever in the page. When it cannot be had the attempt fails, and the client tries again.
 */
export function withCredentials(transport: Transport, credentials: () => Promise<Credentials>): Transport {
  return {
    name: transport.name,
    open(url, events) {
      let over = false;
      /** Lines that wait behind the connect command; undefined once it has left. */
      let waiting: string[] | undefined = [];
      const link: TransportLink = transport.open(url, {
        ...events,
        closed: (code, reason) => end(code, reason),
      });

      function end(code: number, reason: string): void {
        if (over) return;
        over = true;
        events.closed(code, reason);
      }

      async function greet(text: string): Promise<void> {
        try {
          const more = JSON.stringify(await credentials()).slice(1, -1);
          if (over) return;
          // The first line of a client is its connect command.
          const comma = more === '' ? '' : ',';
          link.send([text.replace('"connect":{', () => `"connect":{${more}${comma}`), ...(waiting ?? [])].join('\n'));
          waiting = undefined;
        } catch (failure) {
          end(NO_CREDENTIALS, `no credentials: ${failure instanceof Error ? failure.message : String(failure)}`);
          link.close(1000, 'no credentials');
        }
      }

      let greeted = false;
      return {
        send(text) {
          if (!greeted) {
            greeted = true;
            void greet(text);
          } else if (waiting) waiting.push(text);
          else link.send(text);
        },
        close(code, reason) {
          link.close(code, reason);
        },
      };
    },
  };
}
