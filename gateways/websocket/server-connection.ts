import type { Socket } from 'node:net';
import type { Encoding, GatewayContext, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName } from '@tidewall/protocol';
import { encodeBye, type GatewayMetrics, NativePeer, type NativeWire } from '../native/index.ts';
import { textFrame } from './server-frame.ts';
import type { ServerSocket } from './server-socket.ts';

/** Room for a reason in a close frame (RFC 6455, 5.5: a control frame carries 125 bytes, two are the code). */
const MAX_REASON_BYTES = 123;

/** Limits of our wire that ws watches over; it would close with these codes of RFC 6455, we close with `bad_frame`. */
const TOO_MANY_PIECES = 1008;
const TOO_LARGE = 1009;
/** RFC 6455: a payload that does not fit its type. */
const NOT_UTF8 = 1007;

export interface ConnectionOptions {
  readonly context: GatewayContext;
  readonly ws: ServerSocket;
  /** The socket below `ws`. */
  readonly socket: Socket;
  readonly encoding: Encoding;
  readonly metrics: GatewayMetrics;
  readonly principal: Principal;
  /** Called once, when the socket is gone. */
  readonly gone: () => void;
}

/**
 * One client on a WebSocket. Frames are written to the socket as they are, behind ws' back: with compression off ws
 * writes each control frame whole and at once and keeps no queue of its own, so the two cannot cut into each other.
 */
export class WebSocketConnection implements NativeWire {
  readonly encoding: Encoding;
  readonly peer: NativePeer;
  readonly #ws: ServerSocket;
  readonly #socket: Socket;
  readonly #metrics: GatewayMetrics;
  readonly #highWaterBytes: number;
  readonly #frameBytes: number;
  #stalled = false;
  #closed = false;
  /** The payload of the newest ping that came while congested; RFC 6455, 5.5.3 lets the older ones go unanswered. */
  #owedPong: Buffer | undefined;

  constructor({ context, ws, socket, encoding, metrics, principal, gone }: ConnectionOptions) {
    this.encoding = encoding;
    this.#ws = ws;
    this.#socket = socket;
    this.#metrics = metrics;
    // Below its own mark a socket never says 'drain', so ours cannot be lower.
    this.#highWaterBytes = Math.max(context.limits.highWaterBytes, socket.writableHighWaterMark);
    this.#frameBytes = context.limits.frameBytes;
    this.peer = new NativePeer(context, this, principal, metrics);
    ws.violated = (rfcCode) => this.#refuseViolation(rfcCode);
    ws.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    ws.on('ping', (payload) => this.#answerPing(payload));
    ws.on('pong', () => void this.peer.heartbeat());
    // What went wrong was counted by `violated`, or is the socket's end and is followed by 'close'.
    ws.on('error', () => {});
    ws.on('close', (code) => {
      this.#end(code);
      gone();
    });
    socket.on('drain', () => this.#drained());
    // A peer that has ended its side reads no more; what waits for it would keep the socket for ever.
    socket.on('end', () => void (socket.writableLength > 0 && socket.destroy()));
  }

  get congested(): boolean {
    if (!this.#stalled) this.#stalled = this.#socket.writableLength >= this.#highWaterBytes;
    return this.#stalled;
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (this.#closed) return false;
    const socket = this.#socket;
    let bytes = 0;
    if (frames.length > 1) socket.cork();
    for (const frame of frames) {
      bytes += frame.byteLength;
      socket.write(frame);
    }
    if (frames.length > 1) socket.uncork();
    this.#metrics.tally.bytesWritten += bytes;
    return !this.congested;
  }

  send(text: string): void {
    this.write([textFrame(text)]);
  }

  takenBytes(): number {
    // The public counters only move when a write is finished, and one large write to a slow peer may take minutes.
    // Node's own idle timeout looks at the same two fields of the handle for that reason.
    const { _handle: handle } = this.#socket as { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null };
    if (handle?.bytesWritten !== undefined && handle.writeQueueSize !== undefined) {
      return handle.bytesWritten - handle.writeQueueSize;
    }
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void {
    this.#close(CLOSE_CODES[name].code, reason, encodeBye(name, reason, afterMs));
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#ws.terminate();
  }

  #close(code: number, reason: string, lastWord?: string): void {
    if (this.#closed) return;
    // Behind a full buffer no goodbye arrives in time, and the buffer would live on for as long as the peer likes.
    const reachable = !this.congested && this.#ws.readyState === this.#ws.OPEN;
    if (reachable) {
      this.#socket.cork();
      if (lastWord !== undefined) this.send(lastWord);
      this.#ws.close(code, cutToBytes(reason, MAX_REASON_BYTES));
      this.#socket.uncork();
      // Reading may be paused, and then the peer's half of the goodbye would never be seen.
      this.#ws.resume();
    }
    this.#end(code);
    if (!reachable) this.#ws.terminate();
  }

  #end(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owedPong = undefined;
    this.#metrics.closed(code);
    this.peer.ended();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#closed) return;
    if (isBinary) {
      this.#metrics.rejected('binary');
      this.close('bad_frame', 'binary frames are not of this wire');
    } else this.peer.receive(data);
  }

  #refuseViolation(rfcCode: number): void {
    if (rfcCode === TOO_LARGE || rfcCode === TOO_MANY_PIECES) {
      const tooLarge = rfcCode === TOO_LARGE;
      this.#metrics.rejected(tooLarge ? 'too_large' : 'too_many_pieces');
      this.close('bad_frame', tooLarge ? `a frame above ${this.#frameBytes} bytes` : 'a frame in too many pieces');
      return;
    }
    // Who breaks WebSocket itself gets the code of RFC 6455, and no line of a wire that it does not speak.
    this.#metrics.rejected(rfcCode === NOT_UTF8 ? 'not_utf8' : 'not_websocket');
    this.#close(rfcCode, rfcCode === NOT_UTF8 ? 'text that is not UTF-8' : 'not a WebSocket frame');
  }

  #answerPing(payload: Buffer): void {
    if (!this.peer.heartbeat()) return;
    if (this.congested) this.#owedPong = payload;
    else this.#ws.pong(payload);
  }

  #drained(): void {
    if (!this.#stalled || this.#closed) return;
    this.#stalled = false;
    if (this.#owedPong !== undefined) this.#ws.pong(this.#owedPong);
    this.#owedPong = undefined;
    this.peer.drained();
  }
}

/** The longest start of a text that fits, never ending inside a character. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
