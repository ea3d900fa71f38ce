import type { GatewayDefinition } from '@tidewall/contracts';
import { SUBPROTOCOL } from '@tidewall/protocol';
import { createLastWord, NativePeer } from '../native/index.ts';
import { WebSocketEndpoint } from './endpoint.ts';
import { createDeflatedEncoding, createTextEncoding } from './server-frame.ts';

/** The native wire over WebSocket, at `/ws`, with or without its subprotocol `tidewall.v1.json`. */
export const websocketGateway: GatewayDefinition = {
  kind: 'websocket',
  path: '/ws',
  create(context) {
    const { frameBytes, compressBytes } = context.limits;
    return new WebSocketEndpoint(context, {
      kind: 'websocket',
      subprotocol: SUBPROTOCOL,
      encodings: {
        plain: createTextEncoding(frameBytes),
        deflated: compressBytes === 0 ? undefined : createDeflatedEncoding(frameBytes, compressBytes),
      },
      lastWord: createLastWord(context.clock),
      peer: (wire, principal, _request, metrics) => new NativePeer(context, wire, principal, metrics),
    });
  },
};
