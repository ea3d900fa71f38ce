import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { assert } from '@tidewall/base';
import type { Encoding, Gateway, GatewayContext, GatewayRequest } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { Server as Engine, type Socket as EngineSocket } from 'engine.io';
import { type Socket, Server as SocketIo } from 'socket.io';
import { EndedViews } from '../json/ended-views.ts';
import { CommandRate, createGatewayMetrics, type GatewayMetrics, HEARTBEAT_COST } from '../native/index.ts';
import { EngineConnection } from './engine-connection.ts';
import { RoomMember } from './room-member.ts';
import { createRoomTopics, type SocketIoSettings } from './settings.ts';
import { createUpdateEncoding } from './update-encoding.ts';

const KIND = 'socket-io';
const SWEEP_MS = 1000;
/** The package's own client, which pages of a Socket.IO server load from it. */
const CLIENT_SCRIPT = /\/(socket\.io(?:\.esm)?(?:\.min)?\.js(?:\.map)?)$/;

/** Socket.IO's own server, with rooms that are topics. */
export class SocketIoGateway implements Gateway {
  readonly #context: GatewayContext;
  readonly #metrics: GatewayMetrics;
  readonly #encoding: Encoding;
  readonly #endedViews = new EndedViews();
  readonly #topicOf: ReturnType<typeof createRoomTopics>;
  readonly #engine: Engine;
  readonly #io: SocketIo;
  readonly #connections = new Map<EngineSocket, EngineConnection>();
  readonly #members = new Map<EngineSocket, RoomMember>();
  readonly #netSockets = new WeakMap<object, NetSocket>();
  readonly #upgraded = new Set<NetSocket>();
  #cancelSweep: (() => void) | undefined;
  #draining = false;
  #emptied: (() => void) | undefined;

  constructor(context: GatewayContext, settings: SocketIoSettings) {
    const { limits } = context;
    this.#context = context;
    this.#topicOf = createRoomTopics(settings);
    this.#encoding = createUpdateEncoding(settings.event, (view) => this.#endedViews.ended(view));
    this.#engine = new Engine({
      transports: ['polling', 'websocket'],
      pingInterval: limits.pingMs,
      pingTimeout: Math.max(1, limits.deadMs - limits.pingMs),
      maxHttpBufferSize: limits.frameBytes,
      httpCompression: limits.compressBytes === 0 ? false : { threshold: limits.compressBytes },
      allowRequest: (_request, decide) => decide(this.#fullBecause(), this.#fullBecause() === undefined),
    });
    this.#metrics = createGatewayMetrics(context.meter, KIND, () => this.#connections.size);
    // Before Socket.IO listens: it must find a connection that knows its limits.
    this.#engine.on('connection', (engine: EngineSocket) => this.#accept(engine));
    this.#engine.on('connection_error', ({ req }: { req: IncomingMessage & { res?: unknown } }) => {
      // One that is answered is counted by its answer.
      if (!req.res) this.#metrics.rejected('bad_request');
    });
    this.#engine.on('headers', (headers: Record<string, string>, { headers: { origin } }: IncomingMessage) => {
      // The door has let this page in; polling is requests of its own, whose answers its browser keeps from it without.
      if (origin !== undefined) Object.assign(headers, { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' });
    });
    this.#io = new SocketIo({ connectTimeout: limits.connectTimeoutMs });
    this.#io.bind(this.#engine);
    this.#io.use((socket, next) => next(this.#refusalOf(socket)));
    this.#io.on('connection', (socket) => this.#join(socket));
    // Asked about every namespace but "/"; its refusal tells the client by itself.
    this.#io.of((_name, _auth, decide) => {
      this.#metrics.rejected('unknown_namespace');
      decide(null, false);
    });
  }

  upgrade({ http }: GatewayRequest, socket: Duplex, head: Buffer): void {
    assert(socket instanceof NetSocket, 'an HTTP/1.1 upgrade hands over a socket');
    this.#engine.handleUpgrade(http, socket, head);
    const { websocket } = http as { readonly websocket?: EventEmitter };
    if (websocket === undefined) return;
    this.#netSockets.set(websocket, socket);
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
    this.#limitHeartbeats(websocket, socket);
  }

  answer({ http, rest }: GatewayRequest, response: ServerResponse): void {
    response.once('finish', () => {
      if (response.statusCode >= 400) this.#metrics.rejected('bad_request');
    });
    const [, script] = CLIENT_SCRIPT.exec(rest) ?? [];
    if (script !== undefined && http.method === 'GET') this.#io['serve'](script, http, response);
    else if (http.method === 'OPTIONS') answerPreflight(http, response);
    else this.#engine.handleRequest(http as Parameters<Engine['handleRequest']>[0], response);
  }

  continues({ query }: GatewayRequest): boolean {
    return Object.hasOwn(this.#engine['clients'], query.get('sid') ?? '');
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    for (const [engine, connection] of this.#connections) {
      const leave = () => connection.close('shutdown', 'the server stops');
      void (this.#members.get(engine)?.finish() ?? Promise.resolve()).then(leave);
    }
    if (this.#connections.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  close(): void {
    this.#draining = true;
    for (const connection of this.#connections.values()) connection.cut();
    for (const socket of this.#upgraded) socket.destroy();
    void this.#io.close();
  }

  /** Those of WebSocket itself: `ws` answers each, and would keep answers without end for who does not read them. */
  #limitHeartbeats(websocket: EventEmitter, socket: NetSocket): void {
    const { limits, clock } = this.#context;
    let rate: CommandRate | undefined;
    const heard = () => {
      rate ??= new CommandRate(limits, clock.monotonic());
      if (rate.take(HEARTBEAT_COST, clock.monotonic()).type !== 'flooding' || socket.destroyed) return;
      this.#metrics.rejected('flood');
      socket.destroy();
    };
    websocket.on('ping', heard).on('pong', heard);
  }

  #fullBecause(): string | undefined {
    if (this.#draining) return 'the server stops; try again in a moment';
    const { size } = this.#connections;
    return size >= this.#context.limits.sessions ? `there are ${size} connections already` : undefined;
  }

  #accept(engine: EngineSocket): void {
    const connection = new EngineConnection(engine, {
      context: this.#context,
      metrics: this.#metrics,
      encoding: this.#encoding,
      netSocketOf: (webSocket) => this.#netSockets.get(webSocket),
    });
    this.#connections.set(engine, connection);
    this.#cancelSweep ??= this.#context.clock.after(SWEEP_MS, () => this.#sweep());
    engine.once('close', () => this.#forget(engine));
  }

  /** Why a client may not connect to the namespace; undefined: it may, and has a session from here on. */
  #refusalOf(socket: Socket): Error | undefined {
    const engine = socket.conn as EngineSocket;
    const connection = this.#connections.get(engine);
    if (connection === undefined || !connection.open) return new Error('the connection has ended');
    if (this.#members.has(engine)) {
      this.#metrics.rejected('already_connected');
      return new Error('this client is connected already');
    }
    try {
      const principal = this.#context.identify(socket.request);
      const shared = { context: this.#context, metrics: this.#metrics, endedViews: this.#endedViews };
      this.#members.set(
        engine,
        new RoomMember({ ...shared, connection, principal, topicOf: (room) => this.#topicOf(room) }),
      );
      return undefined;
    } catch (failure) {
      return this.#asRefusal(failure);
    }
  }

  #asRefusal(failure: unknown): Error {
    if (failure instanceof TidewallError) {
      this.#metrics.rejected(failure.kind);
      return Object.assign(new Error(failure.message), { data: failure.toBody() });
    }
    this.#context.log.error({ err: failure, gateway: KIND }, 'a client could not be let in');
    return new Error('the server failed; it has logged why');
  }

  #join(socket: Socket): void {
    const engine = socket.conn as EngineSocket;
    const member = this.#members.get(engine);
    socket.onAny((event: unknown, ...args: unknown[]) => member?.take(event, args));
    socket.once('disconnect', () => this.#leave(engine));
  }

  #leave(engine: EngineSocket): void {
    this.#members.get(engine)?.end();
    this.#members.delete(engine);
  }

  #forget(engine: EngineSocket): void {
    this.#leave(engine);
    this.#connections.delete(engine);
    if (this.#connections.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#metrics.flush();
    this.#emptied?.();
  }

  #sweep(): void {
    this.#cancelSweep = this.#context.clock.after(SWEEP_MS, () => this.#sweep());
    const now = this.#context.clock.monotonic();
    for (const connection of this.#connections.values()) connection.sweep(now);
    this.#metrics.flush();
  }
}

/** The door has let the page in. */
function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const asked = headers['access-control-request-headers'];
  response.writeHead(204, {
    ...(headers.origin !== undefined && { 'Access-Control-Allow-Origin': headers.origin, Vary: 'Origin' }),
    'Access-Control-Allow-Methods': 'GET, POST',
    ...(asked !== undefined && { 'Access-Control-Allow-Headers': asked }),
  });
  response.end();
}
