import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway, GatewayContext, GatewayDefinition, GatewayRequest } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { answerBye, answerEmpty, answerError, answerMethods, NOT_STORED } from '../http/answer.ts';
import { parseCursor } from '../http/cursor.ts';
import { followedTopics, wholeNumberOf } from '../http/followed-topics.ts';
import { asTidewallError, letIn } from '../http/gate.ts';
import { HttpSessions } from '../http/http-sessions.ts';
import { Connections } from '../native/connections.ts';
import { createLineEncoding, createTopicLineEncoding } from './line-encoding.ts';
import { PollSession } from './poll-session.ts';
import { TopicPoll } from './topic-poll.ts';

const PATH = '/poll';
/** Below the time after which browsers, proxies and people take a request for lost. */
const WAIT_MS = 25_000;
const MOST_WAIT_MS = 60_000;

/**
 * The native wire by long polling, at `/poll`: sessions, whose frames are asked for a batch at a time, and requests that
 * follow topics until there is news, for those who have nothing but an address.
 */
export const pollGateway: GatewayDefinition = {
  kind: 'poll',
  path: PATH,
  create: (context) => new PollGateway(context),
};

class PollGateway implements Gateway {
  readonly #context: GatewayContext;
  readonly #connections: Connections;
  readonly #sessions: HttpSessions<PollSession>;
  readonly #sessionEncoding = createLineEncoding();
  readonly #topicEncoding = createTopicLineEncoding();

  constructor(context: GatewayContext) {
    this.#context = context;
    this.#connections = new Connections(context, 'poll');
    this.#sessions = new HttpSessions(context, this.#connections.metrics);
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
    const id = query.get('session');
    switch (http.method) {
      case 'GET':
        if (id === null) void this.#follow(http, query, response);
        else this.#ask(id, http, query, response);
        break;
      case 'POST':
        if (id === null) this.#open(http, response);
        else this.#sessions.receive(id, http, response, query);
        break;
      case 'DELETE':
        if (id === null) throw new TidewallError('bad_request', 'session: it must be said which one ends');
        this.#end(id, http, response);
        break;
      default:
        answerMethods(response, PATH, ['GET', 'POST', 'DELETE']);
    }
  }

  #open(http: IncomingMessage, response: ServerResponse): void {
    const verdict = letIn(this.#context, this.#connections, http);
    if ('turned' in verdict) {
      const { name, reason, afterMs } = verdict.turned;
      answerBye(response, name, reason, afterMs);
      return;
    }
    const session = new PollSession({
      context: this.#context,
      metrics: this.#connections.metrics,
      encoding: this.#sessionEncoding,
      principal: verdict.principal,
      gone: (each) => {
        this.#sessions.delete(each);
        this.#connections.delete(each);
      },
    });
    this.#sessions.add(session);
    this.#connections.add(session);
    const head = { ...NOT_STORED, 'content-type': 'application/json; charset=utf-8' };
    response.writeHead(200, head).end(JSON.stringify({ session: session.id, cursor: 0 }));
  }

  #ask(id: string, http: IncomingMessage, query: URLSearchParams, response: ServerResponse): void {
    refuseInRow(response);
    const cursor = wholeNumberOf(query, 'cursor', 0, Number.MAX_SAFE_INTEGER);
    if (cursor === undefined)
      throw new TidewallError('bad_request', 'cursor: the newest batch that you have, 0 at first');
    this.#sessions.find(id, http, response)?.ask(response, cursor, waitMsOf(query));
  }

  #end(id: string, http: IncomingMessage, response: ServerResponse): void {
    const session = this.#sessions.find(id, http, response);
    if (session === undefined) return;
    session.left();
    answerEmpty(response);
  }

  async #follow(http: IncomingMessage, query: URLSearchParams, response: ServerResponse): Promise<void> {
    try {
      refuseInRow(response);
      if (!query.has('topic')) throw new TidewallError('bad_request', 'topic: name at least one, or a session');
      const wanted = followedTopics(query, ['cursor', 'waitMs']);
      const cursor = query.get('cursor');
      const waitMs = waitMsOf(query);
      const options = { wanted, waitMs, cursor: cursor === null || cursor === '' ? undefined : parseCursor(cursor) };
      const verdict = letIn(this.#context, this.#connections, http);
      if ('turned' in verdict) {
        const { name, reason, afterMs } = verdict.turned;
        answerBye(response, name, reason, afterMs);
        return;
      }
      const poll = new TopicPoll({
        ...options,
        context: this.#context,
        metrics: this.#connections.metrics,
        encoding: this.#topicEncoding,
        principal: verdict.principal,
        response,
        gone: (each) => this.#connections.delete(each),
      });
      this.#connections.add(poll);
      await poll.open();
    } catch (failure) {
      this.#refuse(response, failure);
    }
  }

  #refuse(response: ServerResponse, failure: unknown): void {
    const error = asTidewallError(this.#context, failure);
    this.#connections.metrics.rejected(error.kind);
    if (!response.headersSent) answerError(response, error);
  }
}

/** @throws TidewallError bad_request */
function waitMsOf(query: URLSearchParams): number {
  return wholeNumberOf(query, 'waitMs', 0, MOST_WAIT_MS) ?? WAIT_MS;
}

/** Many requests in a row on one connection would each be held, and nobody would know when their client is gone. */
function refuseInRow(response: ServerResponse): void {
  if (response.socket !== null) return;
  throw new TidewallError('bad_request', 'a connection has one request at a time that waits');
}
