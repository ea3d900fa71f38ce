import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway, GatewayContext, GatewayDefinition, GatewayRequest, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, mayReconnect, TidewallError } from '@tidewall/protocol';
import { answerEmpty, answerError, answerMethods } from '../http/answer.ts';
import { type Cursor, parseCursor } from '../http/cursor.ts';
import { followedTopics } from '../http/followed-topics.ts';
import { asTidewallError, letIn, type Turned } from '../http/gate.ts';
import { HttpSessions } from '../http/http-sessions.ts';
import { FULL_AFTER_MS } from '../http/open-session.ts';
import { Connections } from '../native/connections.ts';
import { createLastWord } from '../native/index.ts';
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
import { SessionStream } from './session-stream.ts';
import { TopicStream } from './topic-stream.ts';

/** Of topics in an address; half of what a request may have in its head. */
const MOST_ADDRESS = 12 * 1024;

const PATH = '/sse';
/** When an `EventSource` comes back after a cut. */
const RETRY_MS = [500, 2000] as const;

/**
 * The native wire as server-sent events, at `/sse`: sessions, with requests of their own for what they send, and streams
 * of topics for those who have nothing but an address.
 */
export const sseGateway: GatewayDefinition = {
  kind: 'sse',
  path: PATH,
  create: (context) => new SseGateway(context),
};

class SseGateway implements Gateway {
  readonly #context: GatewayContext;
  readonly #connections: Connections;
  readonly #direct = new DirectWrites();
  readonly #sessions: HttpSessions<SessionStream>;
  readonly #topicStreams = new Set<TopicStream>();
  readonly #sessionEncoding;
  readonly #topicEncoding;

  constructor(context: GatewayContext) {
    this.#context = context;
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
        gone: (each) => {
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
    const shared = { context: this.#context, metrics, direct: this.#direct };
    return { ...shared, response, principal, head: retryWithin(RETRY_MS) };
  }

  #refuse(response: ServerResponse, failure: unknown): void {
    const error = asTidewallError(this.#context, failure);
    this.#connections.metrics.rejected(error.kind);
    if (!response.headersSent) answerError(response, error);
  }
}

/** Where the client says that it is; what it says of its own accord when it comes back counts before the address. */
function cursorOf({ headers }: IncomingMessage, query: URLSearchParams): Cursor | undefined {
  const header = headers['last-event-id'];
  if (header === undefined) {
    const text = query.get('cursor') ?? query.get('lastEventId');
    return text === null || text === '' ? undefined : parseCursor(text);
  }
  try {
    return parseCursor(String(header));
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
