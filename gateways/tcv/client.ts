import {
  backoffMs,
  type Clock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  systemClock,
} from '@tidewall/base';
import type { WebSocketConstructor, WebSocketLike } from '../websocket/client.ts';

/*
 *                 signed, open              anything heard
 *   connecting ──────────────▶ asking ────────────────────▶ connected ─┐
 *       ▲  ▲                     │ GRACE_MS                 ▲  │  silent │ asks again
 *       │  └─────── waiting ◀────┴──────────────────────────┼──┘ GRACE_MS│
 *       └──────────── back-off                              └────────────┘
 *   close() leads from everywhere to closed.
 */

export type TcvClientStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  | { readonly state: 'waiting'; readonly reason: string; readonly forMs: number }
  | { readonly state: 'closed' };

export interface TcvClientOptions {
  /** The backend's address: `ws://10.0.0.5:3000/` */
  readonly url: string;
  /** A constant for as long as the page lives: a UUID. */
  readonly clientId: string;
  /** Fetches the signed body of a Connect, each time a new one. The secret stays where that is made. */
  sign(): Promise<JsonObject>;
  /** @param id without `component/`, whichever form came */
  componentData(id: string, data: JsonValue): void;
  globalFields(fields: JsonObject): void;
  status?(status: TcvClientStatus): void;
  /** After so long without a word from the backend it is asked. */
  readonly heartbeatMs?: number;
  readonly WebSocketClass?: WebSocketConstructor | undefined;
  readonly clock?: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

export interface TcvClient {
  /** Ends it for good; may be called twice. */
  close(): void;
}

const HEARTBEAT_MS = 31_000;
/** A backend that has not accepted or answered by then is gone. */
const GRACE_MS = 10_000;
const BACKOFF = { baseMs: 500, maxMs: 20_000 };
/** After so long a link was good, and the next attempt is a first one. */
const STABLE_MS = 30_000;
const COMPONENT = 'component/';

/**
 * Stands where a screen of TCV stands: dials a backend, proves with a signed Connect who it is, and hands on what it is
 * told until it is closed, whatever happens to the link.
 *
 * @throws TypeError when the platform has no WebSocket and none is given
 */
export function connectTcv(options: TcvClientOptions): TcvClient {
  const WebSocketClass = options.WebSocketClass ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (WebSocketClass === undefined) throw new TypeError('this platform has no WebSocket: pass the class of a library');
  const link = new TcvLink(
    options,
    (url) => new (WebSocketClass as unknown as new (url: string) => WebSocketLike)(url),
  );
  link.dial();
  return link;
}

class TcvLink implements TcvClient {
  readonly #options: TcvClientOptions;
  readonly #clock: Clock;
  readonly #open: (url: string) => WebSocketLike;
  #socket: WebSocketLike | undefined;
  #attempt = 0;
  #connectedAt: number | undefined;
  #closed = false;
  /** There is one timer at a time: of opening, of silence, of an answer, or of the next attempt. */
  #cancelTimer: () => void = () => {};

  constructor(options: TcvClientOptions, open: (url: string) => WebSocketLike) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#open = open;
  }

  dial(): void {
    this.#options.status?.({ state: 'connecting' });
    let socket: WebSocketLike;
    try {
      socket = this.#open(this.#options.url);
    } catch (failure) {
      this.#lose(failure instanceof Error ? failure.message : String(failure));
      return;
    }
    this.#socket = socket;
    this.#after(GRACE_MS, () => this.#lose('no answer'));
    const current = () => this.#socket === socket;
    socket.onopen = () => void (current() && this.#introduce(socket));
    socket.onmessage = ({ data }: { data?: unknown }) => void (current() && this.#hear(data));
    // The close event follows where there is more to say; of a socket that never opened some platforms say only this.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }: { code?: number; reason?: unknown }) => {
      if (current()) this.#lose(typeof reason === 'string' && reason !== '' ? reason : `closed with ${code ?? 1006}`);
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    this.#options.status?.({ state: 'closed' });
  }

  async #introduce(socket: WebSocketLike): Promise<void> {
    let body: JsonObject;
    try {
      body = await this.#options.sign();
    } catch (failure) {
      if (this.#socket === socket)
        this.#lose(`Connect could not be signed: ${failure instanceof Error ? failure.message : failure}`);
      return;
    }
    if (this.#socket !== socket) return;
    this.#send('Connect', body);
    // Nothing answers Connect; a backend that has taken it answers this.
    this.#ask();
  }

  #hear(data: unknown): void {
    if (this.#connectedAt === undefined) {
      this.#connectedAt = this.#clock.monotonic();
      this.#options.status?.({ state: 'connected' });
    }
    this.#after(this.#options.heartbeatMs ?? HEARTBEAT_MS, () => this.#ask());
    const frame = typeof data === 'string' ? parsed(data) : undefined;
    if (!isJsonObject(frame)) return;
    const { action, body } = frame;
    if (action === 'UpdateGlobalField' && isJsonObject(body)) this.#options.globalFields(body);
    if (action !== 'UpdateComponentData' || !Array.isArray(body)) return;
    for (const part of body) {
      if (!isJsonObject(part) || typeof part['id'] !== 'string' || part['data'] === undefined) continue;
      const { id } = part;
      this.#options.componentData(id.startsWith(COMPONENT) ? id.slice(COMPONENT.length) : id, part['data']);
    }
  }

  #ask(): void {
    this.#send('Ping');
    this.#after(GRACE_MS, () => this.#lose('no answer'));
  }

  #send(action: 'Connect' | 'Ping', body?: JsonObject): void {
    const { clientId } = this.#options;
    const frame = {
      version: 1,
      action,
      ...(body && { body }),
      from: 'tidewall',
      timestamp: this.#clock.now(),
      clientId,
    };
    try {
      this.#socket?.send(JSON.stringify(frame));
    } catch {
      // A socket that is about to close throws; its close event follows.
    }
  }

  #lose(reason: string): void {
    this.#drop();
    const now = this.#clock.monotonic();
    if (this.#connectedAt !== undefined && now - this.#connectedAt >= STABLE_MS) this.#attempt = 0;
    this.#connectedAt = undefined;
    const forMs = backoffMs(this.#attempt++, BACKOFF, (this.#options.random ?? Math.random)());
    this.#after(forMs, () => this.dial());
    this.#options.status?.({ state: 'waiting', reason, forMs });
  }

  #drop(): void {
    this.#cancelTimer();
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close();
    } catch {
      // It was not open yet, on platforms that do not let go of such a one.
    }
  }

  #after(ms: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ms, run);
  }
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
