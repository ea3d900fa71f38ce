import { createWebSocketTransport, webSocketUrl } from '@tidewall/gateways/websocket/client';
import { SUBPROTOCOL } from '@tidewall/protocol';
import { WebSocket } from 'ws';
import type { Wire, WireLink } from './wire.ts';

/** What `ws` can send, and no line can. */
interface WebSocketLink extends WireLink {
  readonly socket: WebSocket;
}

/** The native wire over WebSocket. */
export const websocketWire: Wire = {
  name: 'websocket',
  createTransport() {
    const sockets = new Set<WebSocket>();
    class TrackedSocket extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol);
        sockets.add(this);
        this.once('close', () => sockets.delete(this));
      }
    }
    return {
      transport: createWebSocketTransport(TrackedSocket),
      cut: () => {
        for (const socket of sockets) socket.terminate();
      },
    };
  },
  open(url, events): WebSocketLink {
    const socket = new WebSocket(webSocketUrl(url), SUBPROTOCOL, { perMessageDeflate: false });
    socket.on('open', () => events.opened());
    socket.on('message', (data) => {
      for (const line of String(data).split('\n')) if (line !== '') events.line(line);
    });
    socket.on('close', (code) => events.closed(code));
    // What went wrong is followed by 'close'.
    socket.on('error', () => {});
    return {
      socket,
      send: (text) => socket.send(text),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: () => socket.close(),
      cut: () => socket.terminate(),
    };
  },
  abuses: [
    { says: 'a binary message', code: 4501, send: (link) => socketOf(link).send(Buffer.from('{}')) },
    {
      says: 'a text that is not UTF-8',
      code: 1007,
      send: (link) => socketOf(link).send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }),
    },
    { says: 'a frame without its mask', code: 1002, send: (link) => socketOf(link).send('ping', { mask: false }) },
  ],
};

function socketOf(link: WireLink): WebSocket {
  return (link as WebSocketLink).socket;
}
