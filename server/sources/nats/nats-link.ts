import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { isJsonObject, type JsonValue, parseJson, systemClock } from '@tidewall/base';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { connectSocket, hostAndPort, upgradeSocket } from '../connect-socket.ts';
import { Keepalive } from '../keepalive.ts';
import { readByTurns } from '../read-by-turns.ts';
import { reasonOf } from '../reason.ts';
import { type ServerPlace, serverPlace } from '../server-url.ts';
import { greetingReason, socketReason } from '../socket-reason.ts';
import { NATS_SCHEMES, type NatsConfig } from './config.ts';
import { type NatsMessage, type NatsOperation, OperationReader } from './operation-reader.ts';

/*
 *   connecting ──▶ INFO ──▶ (TLS) ──▶ CONNECT, PING ──▶ open ──▶ over      what is over stays over: whoever has the
 *        │           │         │            │ -ERR                         link opens another
 *        ▼           ▼         ▼            ▼
 *                  (open rejects with a sentence)
 */

/** A server that does not take a connection, or does not answer, within this is not there. */
const CONNECT_MS = 10_000;
/** What a server does not read of us. */
const MOST_UNSENT_BYTES = 1024 * 1024;

export interface NatsLinkOptions {
  readonly config: NatsConfig;
  readonly outgoing: Outgoing;
  readonly signal: AbortSignal;
}

type TakeMessage = (message: NatsMessage) => void;

/** One connection to a NATS server, which ends with the first thing that goes wrong. */
export class NatsLink {
  /** Resolves when the connection is over: with a sentence when it was lost, and nothing when we closed it. */
  readonly over: Promise<TidewallError | undefined>;
  readonly #options: NatsLinkOptions;
  readonly #place: ServerPlace;
  readonly #subscriptions = new Map<number, TakeMessage>();
  readonly #pongs: (() => void)[] = [];
  readonly #inbox: string;
  #settle: (failure?: TidewallError) => void = () => {};
  #socket: Socket | undefined;
  #reader = new OperationReader();
  #info: ((json: string) => void) | undefined;
  #keepalive: Keepalive | undefined;
  #greeted = false;
  #closed = false;
  #count = 0;

  /**
   * Connects and greets.
   *
   * @throws TidewallError source_error in a sentence that names the server, and no secret; what the signal aborts with
   */
  static async open(options: NatsLinkOptions): Promise<NatsLink> {
    const link = new NatsLink(options);
    try {
      await link.#greet();
      return link;
    } catch (failure) {
      link.close();
      throw failure;
    }
  }

  private constructor(options: NatsLinkOptions) {
    this.#options = options;
    this.#place = serverPlace(options.config.url, NATS_SCHEMES);
    this.#inbox = `${options.config.inboxPrefix}.${randomBytes(12).toString('hex')}`;
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Messages of a subject, until the returned function is called. Whether that is allowed is known after `flush`. */
  subscribe(subject: string, take: TakeMessage): () => void {
    const sid = ++this.#count;
    this.#subscriptions.set(sid, take);
    this.#write(`SUB ${subject} ${sid}\r\n`);
    return () => {
      if (this.#subscriptions.delete(sid)) this.#write(`UNSUB ${sid}\r\n`);
    };
  }

  publish(subject: string, reply: string, text: string): void {
    this.#write(`PUB ${subject} ${reply} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
  }

  /** Resolves when the server has taken all that was said before. @throws TidewallError when it refuses something of that */
  async flush(): Promise<void> {
    await this.#within('does not answer', (resolve) => {
      this.#pongs.push(() => resolve(undefined));
      this.#write('PING\r\n');
    });
  }

  /** A subject of ours that nobody else knows. */
  newInbox(): string {
    return `${this.#inbox}.${++this.#count}`;
  }

  /** Asks, and resolves with the first answer. @throws TidewallError when there is none in time */
  async request(subject: string, text: string): Promise<NatsMessage> {
    const inbox = this.newInbox();
    let unsubscribe = () => {};
    try {
      return await this.#within<NatsMessage>(`does not answer ${subject}`, (resolve) => {
        unsubscribe = this.subscribe(inbox, resolve);
        this.publish(subject, inbox, text);
      });
    } finally {
      unsubscribe();
    }
  }

  /** Ends the connection. Closing twice is closing once. */
  close(): void {
    if (!this.#closed) this.#end();
  }

  failure(what: string, why: string): TidewallError {
    const { host, port } = this.#place;
    const { password, token } = this.#options.config;
    const sentence = [password, token].reduce<string>(
      (text, secret) => (secret ? text.replaceAll(secret, '***') : text),
      `the NATS server at ${hostAndPort(host, port)} ${what}: ${why}`,
    );
    return new TidewallError('source_error', sentence);
  }

  // --- the connection

  async #greet(): Promise<void> {
    const { config, outgoing, signal } = this.#options;
    const { host, port, tls } = this.#place;
    const to = { called: 'the NATS server', host, port, signal, timeoutMs: CONNECT_MS };
    const plain = await connectSocket({ ...to, outgoing });
    this.#listen(plain);
    const info = await this.#within<string>('cannot be used', (resolve) => {
      this.#info = resolve;
    });
    const said = infoOf(info);
    if (tls) {
      if (said['tls_required'] !== true && said['tls_available'] !== true) {
        throw this.failure('cannot be used', 'it has no TLS; use nats:// in place of tls://');
      }
      // What comes in clear after this would be somebody else's.
      plain.removeAllListeners('data');
      plain.removeAllListeners('close');
      this.#reader = new OperationReader();
      this.#listen(await upgradeSocket(plain, config, to));
    } else if (said['tls_required'] === true) {
      throw this.failure('cannot be used', 'it asks for TLS; use tls:// in place of nats://');
    }
    this.#write(`CONNECT ${JSON.stringify(this.#introduction())}\r\n`);
    await this.flush();
    this.#greeted = true;
    const { keepAliveS } = config;
    this.#keepalive = new Keepalive({
      silenceMs: keepAliveS * 1000,
      ask: () => {
        this.#pongs.push(() => {});
        this.#write('PING\r\n');
      },
      dead: () => this.#fail('is gone', `nothing was heard for ${keepAliveS} s`),
    });
  }

  #introduction() {
    const { user, password, token } = this.#options.config;
    return {
      verbose: false,
      pedantic: false,
      echo: false,
      tls_required: this.#place.tls,
      name: 'tidewall',
      lang: 'node',
      version: '1',
      protocol: 1,
      headers: true,
      no_responders: true,
      ...(user === undefined ? {} : { user, pass: password }),
      ...(token === undefined ? {} : { auth_token: token }),
    };
  }

  #listen(socket: Socket): void {
    this.#socket = socket;
    readByTurns(socket, (piece) => this.#read(piece));
    socket.on('error', (error) => this.#cut(error));
    socket.on('close', () => this.#cut());
  }

  #read(piece: Buffer): undefined {
    if (this.#closed) return;
    this.#keepalive?.heard();
    try {
      for (const operation of this.#reader.push(piece)) {
        this.#take(operation);
        if (this.#closed) return;
      }
    } catch (failure) {
      this.#fail(this.#greeted ? 'is given up' : 'does not speak NATS', reasonOf(failure));
    }
  }

  #take(operation: NatsOperation): void {
    switch (operation.type) {
      case 'message':
        this.#subscriptions.get(operation.message.sid)?.(operation.message);
        break;
      case 'ping':
        this.#write('PONG\r\n');
        break;
      case 'pong':
        this.#pongs.shift()?.();
        break;
      case 'info':
        this.#info?.(operation.json);
        break;
      case 'error':
        this.#fail('refuses us', refusalOf(operation.words));
        break;
      default:
    }
  }

  /** Waits for what `begin` resolves with, as long as there is a connection, time, and nobody aborts. */
  async #within<Answer>(silence: string, begin: (resolve: (answer: Answer) => void) => void): Promise<Answer> {
    const { signal } = this.#options;
    let cancel = () => {};
    let abort = () => {};
    try {
      return await new Promise<Answer>((resolve, reject) => {
        signal.throwIfAborted();
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        cancel = systemClock.after(CONNECT_MS, () => {
          reject(this.failure(silence, `nothing came within ${CONNECT_MS} ms`));
        });
        void this.over.then((failure) => reject(failure ?? this.failure('is left', 'we closed the connection')));
        begin(resolve);
      });
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  #write(text: string): void {
    if (this.#closed || this.#socket === undefined || this.#socket.destroyed) return;
    this.#socket.write(text);
    if (this.#socket.writableLength > MOST_UNSENT_BYTES) this.#fail('is given up', 'it does not read');
  }

  #cut(error?: Error): void {
    if (this.#greeted) this.#fail('is gone', socketReason(error));
    else this.#fail('cannot be used', greetingReason(error, 'NATS'));
  }

  #fail(what: string, why: string): void {
    if (!this.#closed) this.#end(this.failure(what, why));
  }

  #end(failure?: TidewallError): void {
    this.#closed = true;
    this.#settle(failure);
    this.#keepalive?.stop();
    this.#subscriptions.clear();
    this.#socket?.destroy();
  }
}

function infoOf(json: string): Readonly<Record<string, JsonValue>> {
  try {
    const info = parseJson(json);
    return isJsonObject(info) ? info : {};
  } catch {
    return {};
  }
}

const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^authorization violation$/i, 'the user, password or token is wrong, or it lets nobody in without'],
  [/^permissions violation for subscription to (.*)$/i, 'this user may not listen to $1'],
  [/^permissions violation for publish to (.*)$/i, 'this user may not ask $1, which reading a stream needs'],
  [/^authentication timeout$/i, 'we did not say who we are in time'],
  [/^maximum connections exceeded$/i, 'it has as many connections as it takes'],
  [/^maximum subscriptions exceeded$/i, 'it takes no more subscriptions of us'],
  [/^stale connection$/i, 'it heard nothing of us for too long'],
  [/^invalid subject$/i, 'it does not take this subject'],
];

function refusalOf(words: string): string {
  const known = REFUSALS.find(([pattern]) => pattern.test(words));
  return known === undefined ? words.slice(0, 200).toLowerCase() : words.slice(0, 1000).replace(known[0], known[1]);
}
