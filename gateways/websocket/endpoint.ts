import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { assert } from '@tidewall/base';
import type { Encoding, Gateway, GatewayContext, GatewayRequest, Principal } from '@tidewall/contracts';
import { type CloseName, TidewallError } from '@tidewall/protocol';
import { createGatewayMetrics, type GatewayMetrics, reconnectWindowMs } from '../native/index.ts';
import { DirectWrites } from './direct-writes.ts';
import { answerUpgrade } from './handshake.ts';
import {
  type ConnectionKind,
  type ConnectionOptions,
  type LastWord,
  WebSocketConnection,
} from './server-connection.ts';
import type { ServerPeer } from './server-peer.ts';

/** One timer for all connections: their times to live are seconds and minutes. */
const SWEEP_MS = 1000;
/** A principal for those who are told to leave; they never reach the hub. */
const NOBODY: Principal = { id: '', roles: [] };

/** What a wire over WebSocket is beside RFC 6455. */
export interface EndpointOptions {
  /** A label of the metrics. */
  readonly kind: string;
  readonly subprotocol?: string;
  /** The bytes of its pushes: as they are, and for clients that take compressed messages where any are made. */
  readonly encodings: { readonly plain: Encoding; readonly deflated?: Encoding | undefined };
  readonly lastWord?: LastWord;
  peer(wire: WebSocketConnection, principal: Principal, request: GatewayRequest, metrics: GatewayMetrics): ServerPeer;
}

/** The server's half of any wire that goes over WebSocket: connections from their handshake to their end. */
export class WebSocketEndpoint implements Gateway {
  readonly #context: GatewayContext;
  readonly #options: EndpointOptions;
  readonly #connections = new Set<WebSocketConnection>();
  readonly #metrics;
  readonly #plain: ConnectionKind;
  /** For those who take compressed messages; absent when none are made. */
  readonly #deflated: ConnectionKind | undefined;
  #cancelSweep: (() => void) | undefined;
  /** Set from `drain` on: when those who are sent away may come back. */
  #window: readonly [number, number] | undefined;
  #emptied: (() => void) | undefined;

  constructor(context: GatewayContext, options: EndpointOptions) {
    this.#context = context;
    this.#options = options;
    this.#metrics = createGatewayMetrics(context.meter, options.kind, () => this.#connections.size);
    const { encodings, lastWord } = options;
    const { frameBytes } = context.limits;
    const shared = {
      context,
      metrics: this.#metrics,
      direct: new DirectWrites(),
      lastWord,
      gone: (connection: WebSocketConnection) => this.#forget(connection),
    };
    this.#plain = { ...shared, frames: { frameBytes, deflates: false }, encoding: encodings.plain };
    const { deflated: encoding } = encodings;
    if (encoding !== undefined) this.#deflated = { ...shared, frames: { frameBytes, deflates: true }, encoding };
  }

  upgrade(request: GatewayRequest, socket: Duplex, head: Buffer): void {
    assert(socket instanceof Socket, 'an HTTP/1.1 upgrade hands over a socket');
    const { subprotocol } = this.#options;
    const handshake = answerUpgrade(request.http, { subprotocol, deflate: this.#deflated !== undefined });
    if (handshake.type === 'refused') {
      this.#metrics.rejected(handshake.reason);
      refuseUpgrade(socket, handshake.why);
      return;
    }
    const kind = (handshake.deflates ? this.#deflated : undefined) ?? this.#plain;
    this.#accept(request, { kind, socket, head, answer: Buffer.from(handshake.head) });
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
  }

  #accept(request: GatewayRequest, link: Omit<ConnectionOptions, 'peer'>): void {
    const full = this.#connections.size >= this.#context.limits.sessions;
    const who = full ? NOBODY : this.#identify(request.http);
    const principal = who instanceof TidewallError ? NOBODY : who;
    const peer = (wire: WebSocketConnection) => this.#options.peer(wire, principal, request, this.#metrics);
    const connection = new WebSocketConnection({ ...link, peer });
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
    for (const connection of this.#connections) connection.sweep();
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
