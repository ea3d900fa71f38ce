import { type Clock, systemClock } from '@tidewall/base';
import type { Transport, TransportLink } from '@tidewall/browser-contracts/transport';
import { Refreshing } from './refreshing.ts';

/** What a connect command proves who it is with: the `key` that a signer has made, or a token. */
export interface Credentials {
  readonly key?: object;
  readonly token?: string;
}

export interface CredentialsOptions {
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** The code for a link that is tried again over the same transport: it is not what failed. */
const NO_CREDENTIALS = 4000;

/**
 * A transport whose connects carry what `credentials` fetches, anew for each: a signed `key` or a fresh token, from whoever
 * has the secret. No secret is ever in the page. When it cannot be had the attempt fails, and the client tries again.
 *
 * Where the server says when they run out, newer ones are fetched ahead of that and shown over the same link.
 */
export function withCredentials(
  transport: Transport,
  credentials: () => Promise<Credentials>,
  { clock = systemClock, random = Math.random }: CredentialsOptions = {},
): Transport {
  return {
    name: transport.name,
    open(url, events) {
      let over = false;
      /** Lines that wait behind the connect command; undefined once it has left. */
      let waiting: string[] | undefined = [];
      const { received } = events;
      const send = (text: string) => link.send(text);
      const refreshing = new Refreshing({ credentials, clock, random, send, received });
      const link: TransportLink = transport.open(url, {
        ...events,
        received: (text) => refreshing.take(text),
        closed: (code, reason) => end(code, reason),
      });

      function end(code: number, reason: string): void {
        if (over) return;
        over = true;
        refreshing.stop();
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
          refreshing.stop();
          link.close(code, reason);
        },
      };
    },
  };
}
