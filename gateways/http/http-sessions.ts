import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext, Principal } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { GatewayMetrics } from '../native/index.ts';
import { answerBye } from './answer.ts';
import { wholeNumberOf } from './followed-topics.ts';
import { whoAsks } from './gate.ts';
import type { Uplink } from './uplink.ts';

/** A session that requests name. */
export interface HttpSession {
  /** Nobody can guess it. */
  readonly id: string;
  readonly principal: Principal;
  readonly uplink: Uplink;
}

/** The sessions of one gateway, by what requests call them. */
export class HttpSessions<Kind extends HttpSession> {
  readonly #context: GatewayContext;
  readonly #metrics: GatewayMetrics;
  readonly #byId = new Map<string, Kind>();

  constructor(context: GatewayContext, metrics: GatewayMetrics) {
    this.#context = context;
    this.#metrics = metrics;
  }

  add(session: Kind): void {
    this.#byId.set(session.id, session);
  }

  delete(session: Kind): void {
    this.#byId.delete(session.id);
  }

  /** Whether a request names one of them, whoever it comes from. */
  has(query: URLSearchParams): boolean {
    return this.#byId.has(query.get('session') ?? '');
  }

  /** The session that a request names and whose it is; undefined when there is none, which has been answered then. */
  find(id: string, http: IncomingMessage, response: ServerResponse): Kind | undefined {
    const session = this.#byId.get(id);
    const who = whoAsks(this.#context, http);
    // Whoever it does not belong to learns nothing of it.
    if (session !== undefined && !(who instanceof TidewallError) && who.id === session.principal.id) return session;
    this.#metrics.rejected('unknown_session');
    answerBye(response, 'state_invalidated', 'there is no such session, or not any more; open a new one');
    return undefined;
  }

  /** Takes a frame that a session sends. @throws TidewallError bad_request */
  receive(id: string, http: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    const number = wholeNumberOf(query, 'n', 1, Number.MAX_SAFE_INTEGER);
    void this.find(id, http, response)?.uplink.receive(http, response, number);
  }
}
