import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { assert } from '@tidewall/base';
import type { GatewayContext } from '@tidewall/contracts';
import { NOT_STORED } from '../http/answer.ts';
import { streamOf, type Wire, wireOf } from '../http/wire-of.ts';
import type { GatewayMetrics } from '../native/index.ts';
import type { DirectWrites } from '../websocket/direct-writes.ts';
import { SocketOutput } from '../websocket/socket-output.ts';
import { takenBytesOf } from '../websocket/taken-bytes.ts';
import { HEARTBEAT } from './event-encoding.ts';

/** How long a client has to end its side after ours has ended, before the socket is destroyed. */
const CLOSE_GRACE_MS = 1000;

/** How long the system asks a peer from which nothing comes: ten times, a second apart. */
const PROBES_MS = 10_000;
const LEAST_QUIET_MS = 1000;

const HEAD = { ...NOT_STORED, 'content-type': 'text/event-stream; charset=utf-8' } as const;

export interface StreamOptions {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly direct: DirectWrites;
  readonly response: ServerResponse;
  /** The first events. */
  readonly first: string | Buffer;
  /** It takes more again. */
  drained(): void;
  /** What carries it is gone, whoever ended it. */
  gone(): void;
}

/** Whether a response has a wire to itself: not if it was asked for behind another one (RFC 9112, 9.3.2). */
export function mayStream(response: ServerResponse): boolean {
  return wireOf(response)?.writable === true;
}

/**
 * The answer to one request that goes on for as long as both sides want. It ends with its connection, so its bytes need
 * no chunks around them, and are handed to the socket as they are; over HTTP/2 it ends with its stream.
 */
export class EventStream {
  readonly #options: StreamOptions;
  readonly #wire: Wire;
  /** Whether the socket below carries other answers, too. */
  readonly #shared: boolean;
  readonly #output: SocketOutput;
  #stalled = false;
  #wroteAt: number;
  #writtenBytes: number;
  /** When our side ended, monotonic. */
  #endedAt: number | undefined;

  constructor(options: StreamOptions) {
    const { response, context, direct } = options;
    const { socket } = response;
    const wire = wireOf(response);
    assert(socket !== null && wire !== undefined, 'a response that may stream has its wire');
    this.#options = options;
    this.#wire = wire;
    this.#shared = streamOf(response) !== undefined;
    this.#wroteAt = context.clock.monotonic();
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.writeHead(200, HEAD);
    response.flushHeaders();
    wire.setTimeout(0);
    socket.setNoDelay(true);
    // Over before the next comment is due: while something that was sent waits to be acknowledged, the system asks nothing.
    socket.setKeepAlive(true, Math.max(LEAST_QUIET_MS, context.limits.pingMs - PROBES_MS - 1000));
    const first = Buffer.from(options.first);
    this.#writtenBytes = first.length;
    this.#output = new SocketOutput(wire, first, direct, { drained: () => this.#drained() });
    wire.on('drain', () => this.#drained());
    // The client's side of a stream has ended with its request.
    if (!this.#shared) wire.on('end', () => this.#finished());
    wire.on('close', () => options.gone());
    // What went wrong is the end of the wire, and is followed by 'close'.
    wire.on('error', () => {});
  }

  /** Above high water; `drained` is called when it is no more. */
  get congested(): boolean {
    if (!this.#stalled) this.#stalled = this.#output.isAbove(this.#options.context.limits.highWaterBytes);
    return this.#stalled;
  }

  /** The kernel has taken all of it. */
  get settled(): boolean {
    return this.#output.waitingBytes === 0;
  }

  /** Writes finished events, as one write. False: above high water. */
  write(bytes: Uint8Array): boolean {
    if (this.#endedAt !== undefined) return false;
    if (bytes.length === 0) return !this.congested;
    const { metrics, context } = this.#options;
    metrics.tally.bytesWritten += bytes.length;
    this.#wroteAt = context.clock.monotonic();
    this.#writtenBytes += bytes.length;
    return this.#output.write(bytes) ? !this.#stalled : !this.congested;
  }

  takenBytes(): number {
    return this.#shared ? this.#writtenBytes - this.#wire.writableLength : takenBytesOf(this.#wire as Socket);
  }

  /** Ends it after these events; behind a full buffer they would not arrive, so it is cut then. Again: does nothing. */
  end(last: string): void {
    if (this.#endedAt !== undefined) return;
    const reachable = !this.congested;
    if (reachable) this.#output.write(Buffer.from(last));
    this.#endedAt = this.#options.context.clock.monotonic();
    if (reachable) this.#wire.end();
    else this.#wire.destroy();
  }

  cut(): void {
    this.#wire.destroy();
  }

  /** Keeps it alive, or destroys what a client does not let go of; called about once a second. */
  sweep(now: number): void {
    const { pingMs } = this.#options.context.limits;
    if (this.#endedAt !== undefined) {
      if (now - this.#endedAt >= CLOSE_GRACE_MS) this.#wire.destroy();
    } else if (now - this.#wroteAt >= pingMs && !this.congested) this.write(HEARTBEAT);
  }

  #drained(): void {
    if (!this.#stalled || this.#endedAt !== undefined) return;
    this.#stalled = false;
    this.#options.drained();
  }

  /** The client's side of the socket has ended. */
  #finished(): void {
    // Who has ended its side reads no more; what waits for it would keep the socket for ever.
    if (this.#output.waitingBytes > 0) this.#wire.destroy();
    else this.#wire.end();
  }
}

/** Answers with events that are all there will be. */
export function answerEvents(response: ServerResponse, events: string): void {
  response.writeHead(200, HEAD).end(events);
}
