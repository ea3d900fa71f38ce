import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Socket } from 'socket.io-client';
import { withoutSecrets } from '../http-credentials.ts';
import { MAX_MESSAGE_BYTES } from '../message-text.ts';
import { reasonOf } from '../reason.ts';
import { socketReason } from '../socket-reason.ts';
import { textsOfSecrets } from '../texts-of-secrets.ts';
import { tlsOptions } from '../tls-fields.ts';
import type { SocketIoConfig } from './config.ts';
import { guardedPolling } from './guarded-polling.ts';

/** A server that has not let us in by then is not there. */
const CONNECT_MS = 10_000;

export interface RoomLinkOptions {
  readonly config: SocketIoConfig;
  readonly context: Pick<SourceContext, 'outgoing' | 'clock'>;
  /** The room that it joins; absent: none. */
  readonly room?: string;
  /** Data of an event: its first argument. */
  readonly events: ReadonlyMap<string, (data: unknown) => void>;
  /** It is let in. */
  connected(): void;
  /** It is gone, with a sentence; never after `close`. */
  lost(failure: TidewallError): void;
}

/** One connection to a Socket.IO server, which ends with the first thing that goes wrong. */
export class RoomLink {
  readonly #options: RoomLinkOptions;
  readonly #place: string;
  #socket: Socket | undefined;
  #agent: HttpAgent | undefined;
  #cancelTimeout: () => void = () => {};
  #closed = false;

  constructor(options: RoomLinkOptions) {
    this.#options = options;
    this.#place = new URL(options.config.url).host;
  }

  /** Begins to connect; what becomes of it is told to `connected` and `lost`. */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (failure) {
      this.#lose(failure instanceof TidewallError ? failure : this.#failure(socketReason(failure)));
    }
  }

  /** Ends the connection, and so leaves the room; closing twice is closing once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimeout();
    // Servers take those who are gone out of their rooms; an event that says so would be passed over behind the goodbye.
    this.#socket?.disconnect();
    this.#agent?.destroy();
  }

  async #open(): Promise<void> {
    const { config, context, events } = this.#options;
    const { url, path, namespace, auth, headers, query, transports } = config;
    const { hostname, protocol, username, password } = new URL(url);
    const { outgoing, clock } = context;
    await outgoing.check(hostname);
    const { io, NodeWebSocket, NodeXHR } = await import('socket.io-client');
    if (this.#closed) return;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization =
      username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    const way = { lookup: outgoing.lookup, ...(protocol === 'https:' ? tlsOptions(config, hostname) : {}) };
    const agent = protocol === 'https:' ? new HttpsAgent(way) : new HttpAgent(way);
    this.#agent = agent;
    const extraHeaders = { 'user-agent': 'tidewall', ...authorization, ...headers };
    const ways = {
      websocket: NodeWebSocket,
      polling: guardedPolling(NodeXHR, { agent, headers: extraHeaders, maxBytes: MAX_MESSAGE_BYTES }),
    };
    const socket = io(new URL(namespace, `${protocol}//${new URL(url).host}`).href, {
      ...{ path, query, transports: transports.map((name) => ways[name]), auth: { ...auth } },
      ...{ tryAllTransports: true, extraHeaders, maxPayload: MAX_MESSAGE_BYTES },
      // The types have it as the browser's, which has none.
      agent: agent as never,
      ...(protocol === 'https:' ? { rejectUnauthorized: !config.insecure } : {}),
      reconnection: false,
      timeout: CONNECT_MS,
      forceNew: true,
      autoConnect: false,
    });
    this.#socket = socket;
    for (const [event, take] of events) socket.on(event, (data: unknown) => take(data));
    socket.on('connect', () => this.#greet(socket));
    socket.on('connect_error', (failure) => this.#lose(this.#failure(reasonOfRefusal(failure))));
    socket.on('disconnect', (reason, details) => this.#lose(this.#failure(reasonOfEnd(reason, details), 'is gone')));
    // A namespace that is not answered has no timeout of its own.
    this.#cancelTimeout = clock.after(CONNECT_MS, () =>
      this.#lose(this.#failure(`it does not let us in within ${CONNECT_MS} ms`)),
    );
    socket.connect();
  }

  #greet(socket: Socket): void {
    if (this.#closed) return;
    this.#cancelTimeout();
    const { room, config, connected } = this.#options;
    for (const { event, data } of config.send) {
      if (data === undefined) socket.emit(event);
      else socket.emit(event, data);
    }
    if (room !== undefined) socket.emit(config.join, { room });
    connected();
  }

  #lose(failure: TidewallError): void {
    if (this.#closed) return;
    this.close();
    this.#options.lost(failure);
  }

  #failure(why: string, what = 'cannot be reached'): TidewallError {
    const { url, auth, headers, query, send } = this.#options.config;
    const secrets = textsOfSecrets(
      url,
      auth,
      headers,
      query,
      send.map(({ data }) => data ?? null),
    );
    const sentence = `${what}: ${withoutSecrets(why, secrets)}`;
    return new TidewallError('source_error', `the Socket.IO server ${this.#place} ${sentence}`);
  }
}

/** Of Engine.IO's errors only the innermost says something, and of refusals of a namespace the message of the server. */
function reasonOfRefusal(failure: Error): string {
  const { type, description, context } = failure as Error & { type?: string; description?: unknown; context?: unknown };
  if (type !== 'TransportError') return reasonOf(`it does not let us in: ${failure.message}`);
  // Of polling the status, or the error itself; of a WebSocket an event with the error in it.
  if (typeof description === 'number' && description >= 100)
    return `it answers ${description}; is Socket.IO at that path?`;
  const inner =
    (description as { error?: unknown } | undefined)?.error ?? (description instanceof Error ? description : context);
  const message = inner instanceof Error ? inner.message : '';
  const status = /^Unexpected server response: (\d+)$/.exec(message)?.[1];
  if (status !== undefined) return `it answers ${status}; is Socket.IO at that path?`;
  return inner instanceof Error ? socketReason(inner) : reasonOf(failure);
}

function reasonOfEnd(reason: string, details: unknown): string {
  const words: Record<string, string> = {
    'io server disconnect': 'it has disconnected us',
    'ping timeout': 'it has not asked for a sign of life in time',
    'transport close': 'the connection was cut',
    'transport error': 'the connection was cut',
    'parse error': 'it sends packets that are none',
  };
  const inner = (details as { description?: { error?: unknown } } | undefined)?.description?.error;
  return words[reason] ?? (inner instanceof Error ? socketReason(inner) : reasonOf(reason));
}
