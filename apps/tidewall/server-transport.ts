import type { Transport } from '@tidewall/client';
import { type Credentials, withCredentials } from '@tidewall/client/credentials';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { WebSocket } from 'ws';
import { ownToken } from './own-token.ts';

/** The way to a server for a command that follows topics: it shows what `ownToken` has, anew for each connect. */
export function serverTransport(base: string): Transport {
  return withCredentials(createWebSocketTransport(WebSocket), async (): Promise<Credentials> => {
    const token = await ownToken(base);
    return token === undefined ? {} : { token };
  });
}
