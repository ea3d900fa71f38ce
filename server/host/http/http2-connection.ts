import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '@tidewall/base';
import { TokenBucket } from '@tidewall/gateways/native';
import type { HttpLimits } from '../config.ts';

export interface Http2ConnectionOptions {
  readonly session: ServerHttp2Session;
  /** Below it. */
  readonly socket: Socket;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  /** It did what it may not. The reason is a label. */
  readonly malformed: (reason: string) => void;
}

/**
 * Requests on one connection that end before their time: a page that is left takes all of its own back at once, and then
 * no more. Who asks and takes back without end (CVE-2023-44487), or makes this end give streams up, is cut.
 */
const RESETS = { perSecond: 20, burst: 200 };
/** Pings and settings are answered, and cost their sender nothing. */
const CONTROLS = { perSecond: 10, burst: 100 };
/** For the last frames to reach a peer that does not read. */
const GOODBYE_MS = 1000;

/** One connection of HTTP/2, cut when its frames cost this end more than the other. */
export class Http2Connection {
  readonly #options: Http2ConnectionOptions;
  readonly #resets: TokenBucket;
  readonly #streams = new Set<ServerHttp2Stream>();
  /** What the peer may be sent on the connection; it changes with every byte of an answer that goes out, and with no other. */
  #window: number | undefined;
  #refused = false;
  #cancelSweep: () => void;
  #cancelGoodbye: (() => void) | undefined;

  constructor(options: Http2ConnectionOptions) {
    const { session, socket, limits, clock } = options;
    this.#options = options;
    const now = clock.monotonic();
    this.#resets = new TokenBucket(RESETS.perSecond, RESETS.burst, now);
    const controls = new TokenBucket(CONTROLS.perSecond, CONTROLS.burst, now);
    const count = () => {
      if (!controls.take(1, clock.monotonic())) this.#refuse('http2_controls');
    };
    // The first that every client sends is its settings.
    const known = clock.after(limits.headersTimeoutMs, () => this.#refuse('timeout'));
    session.once('remoteSettings', known);
    session.on('remoteSettings', count);
    session.on('ping', count);
    this.#cancelSweep = clock.after(limits.connectionTimeoutMs, () => this.#sweep());
    socket.once('close', () => {
      known();
      this.#cancelSweep();
      this.#cancelGoodbye?.();
    });
  }

  /** Whether it was cut for what it did. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Nothing moves on the connection itself; what moves on its streams is for their own clocks to say. */
  idle(): void {
    const { session, limits } = this.#options;
    if (this.#streams.size === 0) this.close();
    else session.setTimeout(limits.connectionTimeoutMs);
  }

  /** Takes no new requests, and ends with the last answer. */
  close(): void {
    this.#options.session.close();
    if (this.#streams.size === 0) this.#partSoon();
  }

  cut(): void {
    this.#options.session.destroy();
    this.#options.socket.destroy();
  }

  /** Holds one request to its time, and its answer to being read. */
  hold(incoming: Http2ServerRequest, response: Http2ServerResponse): void {
    const { limits, clock, malformed } = this.#options;
    const { stream } = incoming;
    this.#streams.add(stream);
    const isWhole = () => stream.destroyed || stream.state.remoteClose === 1;
    const late = clock.after(limits.requestTimeoutMs, () => {
      if (isWhole()) return;
      malformed('timeout');
      if (response.headersSent) stream.close(constants.NGHTTP2_CANCEL);
      else response.writeHead(408).end();
    });
    stream.setTimeout(limits.connectionTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
    // What is left of a body whose request has been answered is read by nobody.
    stream.once('finish', () => isWhole() || stream.close(constants.NGHTTP2_NO_ERROR));
    stream.once('close', () => {
      late();
      this.#streams.delete(stream);
      const early = stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR;
      if (early && !this.#resets.take(1, clock.monotonic())) this.#refuse('http2_resets');
      else if (this.#streams.size === 0 && this.#options.session.closed) this.#partSoon();
    });
  }

  /** Answers that wait to be read are given up when none has moved; to the clocks of streams a ping is a movement, too. */
  #sweep(): void {
    const { session, clock, limits } = this.#options;
    if (session.destroyed) return;
    const { remoteWindowSize: window } = session.state;
    if (window === this.#window) {
      for (const stream of this.#streams) if (waitsToBeRead(stream)) stream.close(constants.NGHTTP2_CANCEL);
    }
    this.#window = window;
    this.#cancelSweep = clock.after(limits.connectionTimeoutMs, () => this.#sweep());
  }

  #refuse(reason: string): void {
    const { session, malformed } = this.#options;
    if (session.destroyed) return;
    malformed(reason);
    this.#refused = true;
    session.destroy(new Error(reason), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#partSoon();
  }

  /** Node waits until the peer has read all, or for ever. */
  #partSoon(): void {
    const { clock, socket } = this.#options;
    this.#cancelGoodbye ??= clock.after(GOODBYE_MS, () => socket.destroy());
  }
}

/** Who streams on and on looks after that itself, and has set its clock to 0. */
function waitsToBeRead(stream: ServerHttp2Stream & { readonly timeout?: number }): boolean {
  return stream.timeout !== 0 && stream.writableLength > 0;
}
