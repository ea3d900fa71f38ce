import type { Socket } from 'node:net';
import type { Encoding, GatewayContext } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName } from '@tidewall/protocol';
import type { GatewayMetrics, NativeWire } from '../native/index.ts';
import type { DirectWrites } from './direct-writes.ts';
import { type FrameLimits, type FrameListener, FrameReader, type Violation } from './frame-reader.ts';
import { closeFrame, pingFrame, pongFrame, textFrame } from './server-frame.ts';
import type { ServerPeer } from './server-peer.ts';
import { SocketOutput } from './socket-output.ts';
import { takenBytesOf } from './taken-bytes.ts';

/*
 *            close, or the peer's close frame                both have said goodbye
 *   open ───────────────────────────────────────▶ closing ─────────────────────────▶ gone
 *     │                                              │ CLOSE_GRACE_MS, nobody can be reached │
 *     └── the socket's end ──────────────────────────┴────────────────────────────────▶┘
 */

/** How long a peer has for its half of the goodbye before its socket is destroyed. */
const CLOSE_GRACE_MS = 1000;
/** RFC 6455, 7.1.5: there was no close frame. */
const ABNORMAL = 1006;
/** RFC 6455, 7.4.1. Who breaks WebSocket itself gets these, and no line of a wire that it does not speak. */
const RFC_CODES: { readonly [Broken in Violation]?: number } = {
  not_websocket: 1002,
  not_utf8: 1007,
  not_deflate: 1007,
};

/** What all connections of one encoding share. */
export interface ConnectionKind {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly encoding: Encoding;
  readonly frames: FrameLimits;
  readonly direct: DirectWrites;
  /** The line that says before the goodbye why the server closes, on wires that have one. */
  readonly lastWord?: LastWord | undefined;
  /** Called once, when the socket is gone. */
  gone(connection: WebSocketConnection): void;
}

/** As `NativeWire.close`, as a line of the wire. */
export type LastWord = (name: CloseName, reason: string, afterMs?: readonly [number, number]) => string;

export interface ConnectionOptions {
  readonly kind: ConnectionKind;
  readonly socket: Socket;
  /** What the handshake is answered with. */
  readonly answer: Buffer;
  /** Bytes that came with the handshake. */
  readonly head: Buffer;
  /** Makes whom the connection talks for. */
  readonly peer: (connection: WebSocketConnection) => ServerPeer;
}

const CONNECTION = Symbol('connection');
/** A socket that knows its connection, so that all sockets share their listeners: an idle one has none of its own. */
type OwnedSocket = Socket & { [CONNECTION]?: WebSocketConnection };

/** One client on a WebSocket, from the answer to its handshake to the end of its socket. */
export class WebSocketConnection implements NativeWire, FrameListener {
  readonly peer: ServerPeer;
  readonly #kind: ConnectionKind;
  readonly #socket: Socket;
  readonly #output: SocketOutput;
  readonly #reader: FrameReader;
  /** Above high water, and not drained since. */
  #stalled = false;
  /** When the goodbye was said, monotonic; undefined while open. */
  #closedAt: number | undefined;
  /** The payload of the newest ping that came while congested; RFC 6455, 5.5.3 lets the older ones go unanswered. */
  #owedPong: Buffer | undefined;

  constructor({ kind, socket, answer, head, peer }: ConnectionOptions) {
    this.#kind = kind;
    this.#socket = socket;
    this.#output = new SocketOutput(socket, answer, kind.direct, this);
    this.#reader = new FrameReader(this, kind.frames);
    this.peer = peer(this);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    (socket as OwnedSocket)[CONNECTION] = this;
    socket.on('error', heard).on('close', onClose).on('end', onEnd).on('drain', onDrain);
    if (head.length > 0) socket.unshift(head);
    socket.on('data', onData);
  }

  get encoding(): Encoding {
    return this.#kind.encoding;
  }

  get closing(): boolean {
    return this.#closedAt !== undefined;
  }

  get congested(): boolean {
    if (!this.#stalled) this.#stalled = this.#output.isAbove(this.#kind.context.limits.highWaterBytes);
    return this.#stalled;
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (this.#closedAt !== undefined) return false;
    const [first] = frames;
    const bytes = frames.length === 1 && first !== undefined ? first : Buffer.concat(frames);
    // A wire may have no word for what was pushed.
    if (bytes.length === 0) return !this.congested;
    this.#kind.metrics.tally.bytesWritten += bytes.length;
    return this.#output.write(bytes) ? !this.#stalled : !this.congested;
  }

  send(text: string): void {
    this.write([textFrame(text)]);
  }

  /** Asks whether anybody is there, in words that WebSocket itself answers. */
  ask(): void {
    if (!this.congested) this.write([pingFrame()]);
  }

  takenBytes(): number {
    return takenBytesOf(this.#socket);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void {
    const word = this.#kind.lastWord?.(name, reason, afterMs);
    this.#close(CLOSE_CODES[name].code, reason, word === undefined ? undefined : textFrame(word));
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Ends what has run out of time; called about once a second. */
  sweep(): void {
    const now = this.#kind.context.clock.monotonic();
    if (this.#closedAt === undefined) this.peer.sweep();
    else if (now - this.#closedAt >= CLOSE_GRACE_MS) this.#socket.destroy();
  }

  text(payload: Buffer): void {
    this.peer.receive(payload);
  }

  ping(payload: Buffer): void {
    if (!this.peer.heartbeat()) return;
    if (this.congested) this.#owedPong = Buffer.from(payload);
    else this.#output.write(pongFrame(payload));
  }

  pong(): void {
    this.peer.heartbeat();
  }

  closed(code: number): void {
    this.#close(code, '');
    this.#socket.end();
  }

  violated(violation: Violation): void {
    if (this.closing) return;
    this.#kind.metrics.rejected(violation);
    const reason = reasonOf(violation, this.#kind.frames);
    const rfcCode = RFC_CODES[violation];
    if (rfcCode === undefined) this.close('bad_frame', reason);
    else this.#close(rfcCode, reason);
    // Nothing that still comes can be made sense of, not even a goodbye. What is not read costs nothing.
    this.#socket.end();
    this.#socket.pause();
  }

  received(bytes: Buffer): void {
    this.#reader.read(bytes);
  }

  drained(): void {
    if (!this.#stalled || this.closing) return;
    this.#stalled = false;
    if (this.#owedPong !== undefined) this.#output.write(pongFrame(this.#owedPong));
    this.#owedPong = undefined;
    this.peer.drained();
  }

  /** The peer's side of the socket has ended. */
  finished(): void {
    // Who has ended its side reads no more; what waits for it would keep the socket for ever.
    if (this.#output.waitingBytes > 0) this.#socket.destroy();
    else this.#socket.end();
  }

  /** The socket is gone. */
  gone(): void {
    this.#end(ABNORMAL);
    this.#kind.gone(this);
  }

  #close(code: number, reason: string, lastWord?: Buffer): void {
    if (this.closing) return;
    // Behind a full buffer no goodbye arrives in time, and the buffer would live on for as long as the peer likes.
    const reachable = !this.congested;
    const goodbye = closeFrame(code, reason);
    if (reachable) this.#output.write(lastWord === undefined ? goodbye : Buffer.concat([lastWord, goodbye]));
    this.#end(code);
    if (!reachable) this.#socket.destroy();
    // Reading may be paused, and then the peer's half of the goodbye would never be seen.
    else this.#socket.resume();
  }

  #end(code: number): void {
    if (this.closing) return;
    this.#closedAt = this.#kind.context.clock.monotonic();
    this.#owedPong = undefined;
    this.#kind.metrics.closed(code);
    this.peer.ended();
  }
}

function reasonOf(violation: Violation, { frameBytes }: FrameLimits): string {
  switch (violation) {
    case 'too_large':
      return `a frame above ${frameBytes} bytes`;
    case 'too_many_pieces':
      return 'a frame in too many pieces';
    case 'binary':
      return 'binary frames are not of this wire';
    case 'not_utf8':
      return 'text that is not UTF-8';
    case 'not_deflate':
      return 'a message that cannot be inflated';
    case 'not_websocket':
      return 'not a WebSocket frame';
  }
}

function onData(this: OwnedSocket, bytes: Buffer): void {
  this[CONNECTION]?.received(bytes);
}

function onDrain(this: OwnedSocket): void {
  this[CONNECTION]?.drained();
}

function onEnd(this: OwnedSocket): void {
  this[CONNECTION]?.finished();
}

function onClose(this: OwnedSocket): void {
  this[CONNECTION]?.gone();
}

/** What went wrong is the socket's end, and is followed by 'close'. */
function heard(): void {}
