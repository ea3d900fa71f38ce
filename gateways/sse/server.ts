import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway, GatewayContext, GatewayDefinition, GatewayRequest, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, mayReconnect, TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { answerEmpty, answerError, answerMethods } from '../http/answer.ts';
import { type Cursor, parseCursor } from '../http/cursor.ts';
import { followedTopics } from '../http/followed-topics.ts';
import { asTidewallError, letIn, type Turned, whoAsks } from '../http/gate.ts';
import { HttpSessions } from '../http/http-sessions.ts';
import { FULL_AFTER_MS } from '../http/open-session.ts';
import { Connections } from '../native/connections.ts';
import { createLastWord, Spread } from '../native/index.ts';
import { DirectWrites } from '../websocket/direct-writes.ts';
import {
  createSessionEncoding,
  createTopicEncoding,
  eventOf,
  lastEventOf,
  retryWithin,
  STAY_AWAY,
} from './event-encoding.ts';
import { answerEvents, mayStream } from './event-stream.ts';
import { Returning } from './returning.ts';
import { SessionStream } from './session-stream.ts';
import { maxAgeMsField } from './settings.ts';
import { askedFor, TopicStream } from './topic-stream.ts';
import { lifeMsOf } from './turning-stream.ts';

/** Of topics in an address; half of what a request may have in its head. */
const MOST_ADDRESS = 12 * 1024;

const PATH = '/sse';
/** When an `EventSource` comes back after a cut. */
const RETRY_MS = [500, 2000] as const;

/** What can be set of the wire, under `gateways: { sse: … }`. */
const settings = z.strictObject({
  /** How long a stream of topics lives before its client is asked to come back. */
  maxAgeMs: maxAgeMsField,
});

/**
 * The native wire as server-sent events, at `/sse`: sessions, with requests of their own for what they send, and streams
 * of topics for those who have nothing but an address.
 */
export const sseGateway: GatewayDefinition<z.infer<typeof settings>> = {
  kind: 'sse',
  path: PATH,
  settings,
  create: (context, { maxAgeMs }) => new SseGateway(context, maxAgeMs),
};

class SseGateway implements Gateway {
  readonly #context: GatewayContext;
  readonly #connections: Connections;
  readonly #direct = new DirectWrites();
  readonly #sessions: HttpSessions<SessionStream>;
  readonly #topicStreams = new Set<TopicStream>();
  readonly #returning = new Returning<TopicStream>();
  readonly #spread = new Spread();
  readonly #maxAgeMs: number;
  readonly #sessionEncoding;
  readonly #topicEncoding;

  constructor(context: GatewayContext, maxAgeMs: number) {
    this.#context = context;
    this.#maxAgeMs = maxAgeMs;
    this.#connections = new Connections(context, 'sse');
    this.#sessions = new HttpSessions(context, this.#connections.metrics);
    this.#sessionEncoding = createSessionEncoding(context.limits.frameBytes);
    this.#topicEncoding = createTopicEncoding((view) => {
      // Once all have been told.
      queueMicrotask(() => {
        for (const stream of [...this.#topicStreams]) stream.viewEnded(view);
      });
    });
  }

  answer({ http, query }: GatewayRequest, response: ServerResponse): void {
    try {
      this.#answer(http, query, response);
    } catch (failure) {
      this.#refuse(response, failure);
    }
  }

  continues({ query }: GatewayRequest): boolean {
    return this.#sessions.has(query);
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#connections.drain(signal);
  }

  close(): void {
    this.#connections.cut();
  }

  #answer(http: IncomingMessage, query: URLSearchParams, response: ServerResponse): void {
    const session = query.get('session');
    if (http.method === 'POST' && session !== null) this.#sessions.receive(session, http, response, query);
    else if (http.method !== 'GET') answerMethods(response, PATH, ['GET', 'POST with ?session=']);
    else if (!mayStream(response)) throw new TidewallError('bad_request', 'a stream takes a connection of its own');
    else if (http.headers['last-event-id'] === STAY_AWAY) answerEmpty(response);
    else if (query.has('topic')) void this.#openTopics(http, query, response);
    else this.#openSession(http, query, response);
  }

  #openSession(http: IncomingMessage, query: URLSearchParams, response: ServerResponse): void {
    const [unknown] = query.keys();
    if (unknown !== undefined) {
      const cure = 'to follow topics name them (?topic=…); to open a session ask for nothing';
      throw new TidewallError('bad_request', `${JSON.stringify(unknown.slice(0, 60))} alone means nothing; ${cure}`);
    }
    const verdict = letIn(this.#context, this.#connections, http);
    if ('turned' in verdict) {
      answerEvents(response, eventOf(this.#lastWord(verdict.turned)));
      return;
    }
    const session = new SessionStream({
      ...this.#streamOptions(response, verdict.principal),
      head: retryWithin(RETRY_MS),
      encoding: this.#sessionEncoding,
      gone: (each) => {
        this.#sessions.delete(each);
        this.#connections.delete(each);
      },
    });
    this.#sessions.add(session);
    this.#connections.add(session);
  }

  async #openTopics(http: IncomingMessage, query: URLSearchParams, response: ServerResponse): Promise<void> {
    try {
      refuseLongAddress(http);
      const wanted = followedTopics(query, ['cursor', 'lastEventId']);
      const back = this.#backAgain(http, query, askedFor(wanted));
      if (back !== undefined) {
        back.resume(response);
        return;
      }
      const cursor = cursorOf(http, query);
      const verdict = letIn(this.#context, this.#connections, http);
      if ('turned' in verdict) {
        this.#sayGoodbye(response, verdict.turned);
        return;
      }
      const stream = new TopicStream({
        ...this.#streamOptions(response, verdict.principal),
        encoding: this.#topicEncoding,
        wanted,
        cursor,
        lifeMs: lifeMsOf(this.#maxAgeMs, this.#spread.next()),
        head: () => retryWithin(RETRY_MS),
        leaves: (each) => this.#returning.expect(each),
        gone: (each) => {
          this.#returning.forget(each);
          this.#topicStreams.delete(each);
          this.#connections.delete(each);
        },
      });
      this.#topicStreams.add(stream);
      this.#connections.add(stream);
      await stream.open();
    } catch (failure) {
      if (failure instanceof TidewallError && failure.kind === 'busy' && !response.headersSent) {
        this.#sayGoodbye(response, { name: 'connection_limit', reason: failure.message });
      } else this.#refuse(response, failure);
    }
  }

  /** A client that was asked to come back, and is. */
  #backAgain(http: IncomingMessage, query: URLSearchParams, asked: string): TopicStream | undefined {
    const who = whoAsks(this.#context, http);
    return who instanceof TidewallError ? undefined : this.#returning.take(idOf(http, query) ?? '', who, asked);
  }

  /** In a stream: pages are shown what it says, and at a status an `EventSource` gives up for good. */
  #sayGoodbye(response: ServerResponse, { name, reason, afterMs }: Turned): void {
    // Nobody stands by at a screen, so a server that is full today is asked again.
    const window = name === 'connection_limit' ? FULL_AFTER_MS : afterMs;
    const word = this.#lastWord({ name, reason, afterMs: window });
    answerEvents(response, lastEventOf(word, mayReconnect(CLOSE_CODES[name].code), window));
  }

  #lastWord({ name, reason, afterMs }: Turned): string {
    return createLastWord(this.#context.clock)(name, reason, afterMs);
  }

  #streamOptions(response: ServerResponse, principal: Principal) {
    const { metrics } = this.#connections;
    return { context: this.#context, metrics, direct: this.#direct, response, principal };
  }

  #refuse(response: ServerResponse, failure: unknown): void {
    const error = asTidewallError(this.#context, failure);
    this.#connections.metrics.rejected(error.kind);
    if (!response.headersSent) answerError(response, error);
  }
}

/** The id that a client comes with; what it says of its own accord when it comes back counts before the address. */
function idOf({ headers }: IncomingMessage, query: URLSearchParams): string | undefined {
  const said = headers['last-event-id'] ?? query.get('cursor') ?? query.get('lastEventId');
  return said === null ? undefined : String(said);
}

/** Where the client says that it is. */
function cursorOf(http: IncomingMessage, query: URLSearchParams): Cursor | undefined {
  const id = idOf(http, query);
  if (http.headers['last-event-id'] === undefined) return id === undefined || id === '' ? undefined : parseCursor(id);
  try {
    return parseCursor(String(id));
  } catch {
    // An `EventSource` that is refused never comes back. Nothing of what it held is known to be true, so all is void.
    return new Map();
  }
}

/**
 * When it comes back, the page says where it is in a header beside this address; an answer that there is too much of that
 * would end its `EventSource` for good, and only then.
 */
function refuseLongAddress({ url = '' }: IncomingMessage): void {
  if (url.length <= MOST_ADDRESS) return;
  const message = `the address has ${url.length} characters, at most ${MOST_ADDRESS} are taken: follow fewer topics in one stream`;
  throw new TidewallError('bad_request', message);
}
