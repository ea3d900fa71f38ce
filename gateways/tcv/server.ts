import type { GatewayDefinition } from '@tidewall/contracts';
import { JsonPeer } from '../json/json-peer.ts';
import { WebSocketEndpoint } from '../websocket/endpoint.ts';
import { TCV_GRACE_MS, type TcvSettings, tcvSettings } from './settings.ts';
import { TcvConversation } from './tcv-conversation.ts';
import { createTcvEncoding } from './tcv-encoding.ts';

/**
 * The wire of Tencent Cloud 图, of which the server's side is spoken: at `/tcv/<screen>` a client is sent what that
 * screen is told, at `/tcv` what all are.
 */
export const tcvGateway: GatewayDefinition<TcvSettings> = {
  kind: 'tcv',
  path: '/tcv',
  below: true,
  // Who has no key is told nothing, whatever page it is.
  anyPage: true,
  settings: tcvSettings,
  create(context, settings) {
    const { heartbeatMs } = settings;
    // A client that is sent something has no reason to ask, and would be silent for good: WebSocket itself asks it.
    const limits = { ...context.limits, pingMs: heartbeatMs, deadMs: heartbeatMs + TCV_GRACE_MS };
    const own = { ...context, limits };
    return new WebSocketEndpoint(own, {
      kind: 'tcv',
      encodings: { plain: createTcvEncoding() },
      peer: (wire, arrived, { rest }, metrics) =>
        new JsonPeer({
          ...{ kind: 'tcv', context: own, metrics, wire },
          converse: (peer) => new TcvConversation(peer, { context: own, settings, metrics, wire, arrived, path: rest }),
        }),
    });
  },
};
