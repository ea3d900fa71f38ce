import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Encoding, Gateway, GatewayContext, GatewayDefinition, GatewayRequest, Push } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { answerError, answerMethods, NOT_STORED } from '../http/answer.ts';
import { asTidewallError, whoAsks } from '../http/gate.ts';
import { Connections, Spread } from '../native/index.ts';
import { mayStream } from '../sse/event-stream.ts';
import { Returning } from '../sse/returning.ts';
import { lifeMsOf } from '../sse/turning-stream.ts';
import { DirectWrites } from '../websocket/direct-writes.ts';
import { eventsOf } from './event-text.ts';
import { LastIds } from './last-ids.ts';
import { type FlaskSseSettings, flaskSseSettings, topicOf } from './settings.ts';
import { retryText, StreamClient, type StreamClientOptions } from './stream-client.ts';

const KIND = 'flask-sse';
const PATH = '/stream';
/** The channel that is meant when a page names none. */
const DEFAULT_CHANNEL = 'sse';
/** When there is no room: an `EventSource` that is answered anything but a stream never comes back. */
const NO_ROOM_MS = 10_000;

/**
 * The stream of flask-sse, at `/stream?channel=<name>`: pages that follow a Flask application follow its Redis channel
 * here. It has no client end: every browser has one, `EventSource`.
 */
export const flaskSseGateway: GatewayDefinition<FlaskSseSettings> = {
  kind: KIND,
  path: PATH,
  settings: flaskSseSettings,
  create: (context, settings) => new FlaskSse(context, settings),
};

class FlaskSse implements Gateway {
  readonly #context: GatewayContext;
  readonly #settings: FlaskSseSettings;
  readonly #connections: Connections;
  readonly #encoding: Encoding;
  readonly #direct = new DirectWrites();
  readonly #clients = new Set<StreamClient>();
  readonly #returning = new Returning<StreamClient>();
  readonly #lastIds = new LastIds();
  readonly #spread = new Spread();

  constructor(context: GatewayContext, settings: FlaskSseSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#connections = new Connections(context, KIND);
    this.#encoding = { name: KIND, encode: (pushes) => this.#encode(pushes) };
  }

  answer({ http, query }: GatewayRequest, response: ServerResponse): void {
    const { metrics, window } = this.#connections;
    if (http.method !== 'GET') {
      metrics.rejected('bad_method');
      answerMethods(response, PATH, ['GET']);
    } else if (!mayStream(response)) response.destroy();
    else if (window !== undefined) answerLater(response, window[0]);
    else this.#follow(http, query.get('channel') || DEFAULT_CHANNEL, response);
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#connections.drain(signal);
  }

  close(): void {
    this.#connections.cut();
  }

  #follow(http: IncomingMessage, channel: string, response: ServerResponse): void {
    try {
      const principal = whoAsks(this.#context, http);
      if (principal instanceof TidewallError) throw principal;
      const topic = topicOf(channel, this.#settings);
      const id = lastEventIdOf(http);
      const back = this.#returning.take(id, principal, topic);
      if (back !== undefined) back.resume(response);
      else if (this.#connections.full) throw new TidewallError('busy', 'there is no room', { afterMs: NO_ROOM_MS });
      else {
        const client = this.#open({ principal, topic, id, response });
        void client.follow().catch((failure) => this.#refuse(response, failure));
      }
    } catch (failure) {
      this.#refuse(response, failure);
    }
  }

  #open(asked: Pick<StreamClientOptions, 'principal' | 'topic' | 'id' | 'response'>): StreamClient {
    const share = this.#spread.next();
    const client = new StreamClient({
      ...asked,
      ...{ context: this.#context, connections: this.#connections, encoding: this.#encoding, direct: this.#direct },
      ...{ share, lifeMs: lifeMsOf(this.#settings.maxAgeMs, share), lastIds: this.#lastIds },
      leaves: (each) => this.#returning.expect(each),
      gone: (each) => {
        this.#returning.forget(each);
        this.#clients.delete(each);
      },
    });
    this.#clients.add(client);
    return client;
  }

  #refuse(response: ServerResponse, failure: unknown): void {
    const error = asTidewallError(this.#context, failure);
    const full = error.kind === 'busy';
    this.#connections.metrics.rejected(full ? 'connection_limit' : error.kind);
    if (response.headersSent) response.destroy();
    else if (full) answerLater(response, error.afterMs);
    else answerError(response, error);
  }

  #encode(pushes: readonly Push[]): Uint8Array {
    let text = '';
    for (const push of pushes) {
      const events = eventsOf(push);
      if (events === undefined) this.#connections.metrics.rejected('bad_event');
      else text += events;
      if (push.type === 'end') this.#ended(push.view);
    }
    return Buffer.from(text);
  }

  /** The topic has become another one: whoever follows it comes back, and follows that. */
  #ended(view: number): void {
    // Not while the hub is still telling them.
    queueMicrotask(() => {
      for (const client of [...this.#clients]) if (client.view === view) client.close('state_invalidated', '');
    });
  }
}

/** Texts in headers are bytes to Node, and UTF-8 to an `EventSource`. */
function lastEventIdOf({ headers }: IncomingMessage): string {
  return Buffer.from(String(headers['last-event-id'] ?? ''), 'latin1').toString();
}

/** A stream that only says when to come back. */
function answerLater(response: ServerResponse, ms: number): void {
  response.writeHead(200, { ...NOT_STORED, 'content-type': 'text/event-stream; charset=utf-8', connection: 'close' });
  response.end(retryText(ms));
}
