import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
import { SUBPROTOCOL } from '@tidewall/protocol';

/** Bytes of a reason that fit into a close frame (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

/** The part of the WebSocket API that is used here: a browser's class, Node's and that of `ws` all have it. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike;

/**
 * The client's end of the native wire over WebSocket, at `/ws` of the server.
 *
 * @throws TypeError when the platform has no WebSocket and none is given
 */
export function createWebSocketTransport(
  WebSocketClass: WebSocketConstructor | undefined = platformWebSocket(),
): Transport {
  if (WebSocketClass === undefined) throw new TypeError('this platform has no WebSocket: pass the class of a library');
  return { name: 'websocket', open: (url, events) => open(WebSocketClass, url, events) };
}

/** `ws://host/path/ws` for `http://host/path/`, and `wss:` for `https:`. */
export function webSocketUrl(base: string): string {
  const [, secure, rest] = /^(?:http|ws)(s?):\/\/([^?#]*)/i.exec(base) ?? [];
  if (rest === undefined || rest === '')
    throw new TypeError(`url must be an http(s) address, got ${JSON.stringify(base)}`);
  return `ws${secure?.toLowerCase()}://${rest.replace(/\/+$/, '')}/ws`;
}

function open(WebSocketClass: WebSocketConstructor, url: string, events: TransportEvents): TransportLink {
  const socket = new WebSocketClass(webSocketUrl(url), SUBPROTOCOL);
  let state: 'opening' | 'open' | 'closed' = 'opening';

  function end(code: number, reason: string): void {
    if (state === 'closed') return;
    state = 'closed';
    // `ws` throws an error that nobody listens for: what is still to come of this socket is heard, and passed over.
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = () => {};
    events.closed(code, reason);
  }

  function hangUp(code: number, reason: string): void {
    try {
      socket.close(code, reason);
    } catch {
      // Codes and reasons that the platform does not let us say are not worth keeping a socket open for.
      socket.close();
    }
  }

  socket.onopen = () => {
    if (state !== 'opening') return;
    state = 'open';
    events.opened();
  };
  socket.onmessage = ({ data }: { data?: unknown }) => {
    if (state !== 'open') return;
    if (typeof data === 'string') {
      events.received(data);
      return;
    }
    end(1003, 'the server sent a binary frame');
    hangUp(4501, 'binary frame');
  };
  socket.onerror = () => {
    // Of an open socket the close event follows, and it has the code. Of one that cannot be opened Node 22 says nothing
    // more. Without a listener `ws` would throw.
    if (state === 'opening') end(1006, plainReason(false, url));
  };
  socket.onclose = ({ code, reason }: { code?: number; reason?: unknown }) => {
    const opened = state === 'open';
    end(code ?? 1006, typeof reason === 'string' && reason !== '' ? reason : plainReason(opened, url));
  };

  return {
    send(text) {
      if (state === 'open') socket.send(text);
    },
    close(code, reason) {
      if (state === 'closed') return;
      end(code, reason);
      hangUp(code, shortened(reason));
    },
  };
}

function plainReason(opened: boolean, url: string): string {
  return opened ? 'the link broke' : `${url} cannot be reached`;
}

/** As much of a reason as fits, whatever its characters weigh: none is heavier than 3 bytes a UTF-16 unit. */
function shortened(reason: string): string {
  return reason.slice(0, Math.floor(MAX_REASON_BYTES / 3));
}

function platformWebSocket(): WebSocketConstructor | undefined {
  return (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
}
