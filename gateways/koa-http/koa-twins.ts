import type { IncomingMessage, ServerResponse } from 'node:http';
import { CHALLENGE, type Gateway, type GatewayContext, type GatewayRequest } from '@tidewall/contracts';
import { ERROR_STATUS, TidewallError, type TopicName } from '@tidewall/protocol';
import { createGatewayMetrics, type GatewayMetrics } from '../native/index.ts';

const KIND = 'koa-http';
const METRICS_MS = 1000;
/** What follows is looked at only as one name, and never becomes a path. */
const API = /^\/api\/([^/]*)$/;
const METHODS = new Set(['GET', 'HEAD']);

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Topics as the files that they were: each answer is what the topic holds at that moment. */
export class KoaTwins implements Gateway {
  readonly #context: GatewayContext;
  readonly #topicOf: (name: unknown) => TopicName;
  readonly #metrics: GatewayMetrics;
  readonly #underWay = new Set<ServerResponse>();
  #cancelFlush: (() => void) | undefined;
  #emptied: (() => void) | undefined;

  constructor(context: GatewayContext, topicOf: (name: unknown) => TopicName) {
    this.#context = context;
    this.#topicOf = topicOf;
    this.#metrics = createGatewayMetrics(context.meter, KIND, () => this.#underWay.size);
  }

  answer({ http, rest }: GatewayRequest, response: ServerResponse): void {
    const since = this.#context.clock.monotonic();
    this.#underWay.add(response);
    this.#metrics.tally.framesReceived += 1;
    response.once('close', () => this.#forget(response));
    void this.#answerOf(http, rest).then(({ status, body }) => {
      this.#metrics.tally.bytesWritten += Buffer.byteLength(body);
      this.#cancelFlush ??= this.#context.clock.after(METRICS_MS, () => this.#flush());
      const tookMs = Math.round(this.#context.clock.monotonic() - since);
      response.writeHead(status, {
        'X-Response-Time': `${tookMs}ms`,
        'Content-Type': 'application/json; charset=utf-8',
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Methods': 'OPTIONS, GET, PUT, POST, DELETE',
        ...(status === 401 && { 'WWW-Authenticate': CHALLENGE }),
      });
      response.end(http.method === 'HEAD' ? undefined : body);
    });
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#underWay.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  close(): void {
    for (const response of this.#underWay) response.destroy();
    this.#flush();
  }

  async #answerOf(http: IncomingMessage, rest: string): Promise<Answer> {
    const { method = '' } = http;
    if (method === 'OPTIONS') return { status: 204, body: '' };
    if (!METHODS.has(method)) return this.#refused(405, 'bad_request', `${method} is not answered here; use GET`);
    try {
      const [, name] = API.exec(rest) ?? [];
      if (name === undefined) throw new TidewallError('unknown_topic', 'the data of <name> is at /api/<name>');
      const topic = this.#topicOf(name);
      const { json } = await this.#context.hub.snapshot(this.#context.identify(http), topic);
      if (json === undefined) throw new TidewallError('unknown_topic', `nothing has been published to ${topic} yet`);
      return { status: 200, body: json };
    } catch (failure) {
      if (!(failure instanceof TidewallError)) {
        this.#context.log.error({ err: failure, gateway: KIND }, 'a request could not be answered');
        return this.#refused(500, 'internal', 'the server failed; it has logged why');
      }
      // A name that cannot be is as unknown as one that is not.
      const status = failure.kind === 'bad_request' ? 404 : ERROR_STATUS[failure.kind];
      return this.#refused(status, failure.kind, failure.message);
    }
  }

  #refused(status: number, reason: string, message: string): Answer {
    this.#metrics.rejected(reason);
    return { status, body: JSON.stringify({ message, status }) };
  }

  #forget(response: ServerResponse): void {
    this.#underWay.delete(response);
    if (this.#underWay.size === 0) this.#emptied?.();
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#metrics.flush();
  }
}
