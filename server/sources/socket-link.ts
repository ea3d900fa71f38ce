import type { Clock } from '@tidewall/base';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { withoutSecrets } from './http-credentials.ts';
import { MAX_MESSAGE_BYTES } from './message-text.ts';
import { reasonOf } from './reason.ts';
import { socketReason } from './socket-reason.ts';
import { type TlsSettings, tlsOptions } from './tls-fields.ts';

/** A server that does not take a connection within this is not there. */
const CONNECT_MS = 10_000;
/** For the goodbyes of both sides. */
const CLOSE_MS = 1_000;

export interface SocketLinkOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** What no sentence may repeat, though the server says it. */
  readonly secrets: readonly string[];
  readonly tls: TlsSettings;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A text of the server, or the bytes of one. */
  message(data: string | Uint8Array): void;
}

/** The address of a WebSocket server in a configuration. */
export const socketUrlField = z
  .string()
  .refine((text) => URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol), {
    error: 'must be an address like ws://host:8080/path or wss://host/path',
  })
  .describe('ws:// or wss://; a name and a password before the host are sent as basic authentication');

/** The host and port of an address, for sentences: nothing else of it may be told. */
export function placeOfUrl(url: string): string {
  return new URL(url).host;
}

/** One connection to a WebSocket server, which ends with the first thing that goes wrong. */
export class SocketLink {
  /** Resolves with a sentence when the connection is gone; never after `close`. */
  readonly lost: Promise<TidewallError>;
  readonly #socket: WebSocket;
  readonly #place: string;
  readonly #secrets: readonly string[];
  readonly #clock: Clock;
  #heardAt: number;
  #signs = 0;
  #closed = false;
  #cancelCut: (() => void) | undefined;
  readonly #gone: Promise<void>;

  /** @throws TidewallError source_error in a sentence that names the server, and no secret */
  static async open(options: SocketLinkOptions): Promise<SocketLink> {
    const { url, headers = {}, protocols = [], tls, outgoing, signal } = options;
    const { hostname } = new URL(url);
    await outgoing.check(hostname);
    const { WebSocket: Socket } = await import('ws');
    signal.throwIfAborted();
    const socket = new Socket(url, [...protocols], {
      headers: { 'user-agent': 'tidewall', ...headers },
      lookup: outgoing.lookup,
      handshakeTimeout: CONNECT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      // What leads elsewhere leads where nobody has looked.
      followRedirects: false,
      perMessageDeflate: true,
      ...tlsOptions(tls, hostname),
    });
    const link = new SocketLink(socket, options);
    let stop = () => {};
    const aborted = new Promise<undefined>((resolve) => {
      stop = () => resolve(undefined);
    });
    signal.addEventListener('abort', stop, { once: true });
    try {
      const failure = await Promise.race([link.#opened(), link.lost, aborted]);
      signal.throwIfAborted();
      if (failure !== undefined) throw failure;
      return link;
    } catch (failure) {
      await link.close();
      throw failure;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private constructor(socket: WebSocket, { url, clock, secrets, message }: SocketLinkOptions) {
    this.#socket = socket;
    this.#place = placeOfUrl(url);
    this.#secrets = secrets;
    this.#clock = clock;
    this.#heardAt = clock.monotonic();
    for (const sign of ['ping', 'pong', 'message'] as const) {
      socket.on(sign, () => {
        this.#heardAt = clock.monotonic();
        this.#signs += 1;
      });
    }
    socket.on('message', (data, isBinary) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
      if (!this.#closed) message(isBinary ? bytes : bytes.toString());
    });
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()));
    this.lost = new Promise((resolve) => {
      const end = (failure: TidewallError) => {
        if (!this.#closed) resolve(failure);
      };
      socket.on('error', (failure) => end(this.#failure('cannot be reached', failure)));
      socket.on('close', (code, reason) => {
        this.#cancelCut?.();
        end(this.#closing(code, String(reason)));
      });
    });
  }

  /** How long nothing was heard, ms. */
  get silentMs(): number {
    return this.#clock.monotonic() - this.#heardAt;
  }

  /** How many signs of life there were: whether there was one since is a question of order, not of clocks. */
  get signs(): number {
    return this.#signs;
  }

  /** Bytes that the server has not taken. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text, () => {});
  }

  /** Asks for a sign of life that every WebSocket server gives. */
  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(undefined, undefined, () => {});
  }

  /** Ends the connection, and resolves when it is gone, at the latest after a second. Closing twice is closing once. */
  close(): Promise<void> {
    if (this.#closed) return this.#gone;
    this.#closed = true;
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.close(1000);
      this.#cancelCut = this.#clock.after(CLOSE_MS, () => this.#socket.terminate());
    } else this.#socket.terminate();
    return this.#gone;
  }

  #opened(): Promise<undefined> {
    return new Promise((resolve) => this.#socket.once('open', () => resolve(undefined)));
  }

  #closing(code: number, reason: string): TidewallError {
    const said = reason === '' ? '' : ` and says: ${withoutSecrets(reasonOf(reason), this.#secrets)}`;
    const how = code === 1006 ? 'cut the connection' : `closed the connection with ${code}${said}`;
    return new TidewallError('source_error', `${this.#place} ${how}`);
  }

  #failure(what: string, cause: unknown): TidewallError {
    return new TidewallError('source_error', `${this.#place} ${what}: ${sentenceOf(cause)}`, { cause });
  }
}

/** Of an answer that is no WebSocket. */
const STATUS_REASONS: Readonly<Record<string, string>> = {
  401: 'it wants other credentials',
  403: 'it does not let us in',
  404: 'there is no WebSocket at that path',
};

function sentenceOf(cause: unknown): string {
  const { code, message = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return `a message is longer than ${MAX_MESSAGE_BYTES} bytes`;
  const status = /^Unexpected server response: (\d+)$/.exec(message)?.[1];
  if (status === undefined) return socketReason(cause);
  return `it answers ${status}${STATUS_REASONS[status] === undefined ? ', which is no WebSocket' : `: ${STATUS_REASONS[status]}`}`;
}
