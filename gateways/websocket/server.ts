import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { assert } from '@tidewall/base';
import type { Gateway, GatewayContext, GatewayDefinition, Principal } from '@tidewall/contracts';
import { type CloseName, SUBPROTOCOL, TidewallError } from '@tidewall/protocol';
import { WebSocketServer } from 'ws';
import { createGatewayMetrics, reconnectWindowMs } from '../native/index.ts';
import { WebSocketConnection } from './server-connection.ts';
import { createTextEncoding } from './server-frame.ts';
import { ServerSocket } from './server-socket.ts';

/** One timer for all connections: their times to live are seconds and minutes. */
const SWEEP_MS = 1000;
/** How long a peer has for its half of the goodbye before its socket is destroyed. */
const CLOSE_GRACE_MS = 1000;
/** Browsers cut a large frame at 64 KiB or more, so that a legal one has far fewer. */
const MAX_FRAGMENTS = 64;
/** Pieces that one frame may come in from the network: 1 MiB in the smallest segments that the Internet has. */
const MAX_CHUNKS = 4096;

/** A principal for those who are told to leave; they never reach the hub. */
const NOBODY: Principal = { id: '', roles: [] };

/** The native wire over WebSocket, at `/ws`, with or without its subprotocol `tidewall.v1.json`. */
export const websocketGateway: GatewayDefinition = {
  kind: 'websocket',
  path: '/ws',
  create: (context) => new WebSocketGateway(context),
};

class WebSocketGateway implements Gateway {
  readonly #context: GatewayContext;
  readonly #connections = new Set<WebSocketConnection>();
  readonly #encoding;
  readonly #metrics;
  readonly #server;
  #cancelSweep: (() => void) | undefined;
  /** Set from `drain` on: when those who are sent away may come back. */
  #window: readonly [number, number] | undefined;
  #emptied: (() => void) | undefined;

  constructor(context: GatewayContext) {
    this.#context = context;
    this.#encoding = createTextEncoding(context.limits.frameBytes);
    this.#metrics = createGatewayMetrics(context.meter, 'websocket', () => this.#connections.size);
    const options = {
      noServer: true,
      clientTracking: false,
      handleProtocols: (offered: Set<string>) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
      WebSocket: ServerSocket,
      // Not negotiated: a compressor a client costs 270 KB each and twenty times the CPU, and would make ws keep a queue.
      perMessageDeflate: false,
      // Pings are answered by the connection, within the rate limit.
      autoPong: false,
      maxPayload: context.limits.frameBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_CHUNKS,
      closeTimeout: CLOSE_GRACE_MS,
    };
    this.#server = new WebSocketServer(options);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    assert(socket instanceof Socket, 'an HTTP/1.1 upgrade hands over a socket');
    const offered = request.headers['sec-websocket-protocol'];
    if (offered !== undefined && !offered.split(',').some((name) => name.trim() === SUBPROTOCOL)) {
      this.#metrics.rejected('subprotocol');
      refuseUpgrade(socket, `this server speaks the subprotocol ${SUBPROTOCOL}`);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request, socket));
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#window = reconnectWindowMs(this.#connections.size);
    for (const connection of this.#connections) {
      void connection.peer.finish().then(() => this.#sendAway(connection));
    }
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      const giveUp = () => {
        // Whose commands hang is told all the same; it may be gone before the word arrives.
        for (const connection of this.#connections) this.#sendAway(connection);
        resolve();
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  close(): void {
    this.#window ??= reconnectWindowMs(this.#connections.size);
    for (const connection of this.#connections) connection.cut();
    this.#server.close();
  }

  #accept(ws: ServerSocket, request: IncomingMessage, socket: Socket): void {
    const full = this.#connections.size >= this.#context.limits.sessions;
    const who = full ? NOBODY : this.#identify(request);
    const connection: WebSocketConnection = new WebSocketConnection({
      context: this.#context,
      ws,
      socket,
      encoding: this.#encoding,
      metrics: this.#metrics,
      principal: who instanceof TidewallError ? NOBODY : who,
      gone: () => this.#forget(connection),
    });
    this.#connections.add(connection);
    this.#cancelSweep ??= this.#context.clock.after(SWEEP_MS, () => this.#sweep());
    // Accepted first and closed then: a browser shows its page the code of a close, but not the status of an upgrade.
    if (this.#window !== undefined) this.#sendAway(connection);
    else if (full) connection.close('connection_limit', `there are ${this.#connections.size - 1} connections already`);
    else if (who instanceof TidewallError) connection.close(closeNameOf(who), who.message);
  }

  #identify(request: IncomingMessage): Principal | TidewallError {
    try {
      return this.#context.identify(request);
    } catch (error) {
      if (error instanceof TidewallError) return error;
      this.#context.log.error({ err: error }, 'a client could not be identified');
      return new TidewallError('internal', 'the server failed; it has logged why', { cause: error });
    }
  }

  #sendAway(connection: WebSocketConnection): void {
    connection.close('shutdown', 'the server stops', this.#window);
  }

  #sweep(): void {
    this.#cancelSweep = this.#context.clock.after(SWEEP_MS, () => this.#sweep());
    for (const connection of this.#connections) connection.peer.sweep();
    this.#metrics.flush();
  }

  #forget(connection: WebSocketConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#metrics.flush();
    this.#emptied?.();
  }
}

function closeNameOf({ kind }: TidewallError): CloseName {
  switch (kind) {
    case 'unauthenticated':
      return 'bad_signature';
    case 'permission_denied':
      return 'permission';
    case 'token_expired':
      return 'token_expired';
    default:
      return 'internal';
  }
}

function refuseUpgrade(socket: Socket, why: string): void {
  // Nobody else listens to a socket that was taken off the HTTP server, and an unheard error would end the process.
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  const head = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(why)}\r\n\r\n${why}`);
}
