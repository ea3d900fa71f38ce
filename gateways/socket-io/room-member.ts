import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { GatewayContext, Principal, Session } from '@tidewall/contracts';
import { TidewallError, type TopicName } from '@tidewall/protocol';
import type { EndedViews } from '../json/ended-views.ts';
import type { GatewayMetrics } from '../native/index.ts';
import type { EngineConnection } from './engine-connection.ts';

export interface RoomMemberOptions {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly connection: EngineConnection;
  readonly principal: Principal;
  readonly endedViews: EndedViews;
  topicOf(room: unknown): TopicName;
}

/** Answers an event whose sender asked for that. */
type Ack = (answer: JsonObject) => void;

/** So many events may wait for their turn; more are refused. */
const MOST_WAITING = 64;

/** One socket of a client: the rooms that it is in, each a topic that it follows. Its events are done in their order. */
export class RoomMember {
  readonly #options: RoomMemberOptions;
  readonly #session: Session;
  /** By topic, the number of its view: several rooms may be one topic. */
  readonly #views = new Map<TopicName, number>();
  readonly #rooms = new Map<string, TopicName>();
  #turn: Promise<void> = Promise.resolve();
  #publishing: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #ended = false;

  /** @throws TidewallError limit_exceeded */
  constructor(options: RoomMemberOptions) {
    this.#options = options;
    this.#session = options.context.hub.open(options.principal, options.connection);
    options.connection.drained = () => this.#session.drained();
  }

  /** Takes one event with its arguments, the last of which is a function where it asks for an answer. */
  take(event: unknown, args: readonly unknown[]): void {
    const last = args.at(-1);
    const answer = typeof last === 'function' ? (last as Ack) : undefined;
    if (this.#waiting >= MOST_WAITING) {
      this.#refuse(new TidewallError('too_many_requests', `${MOST_WAITING} events wait already`), answer);
      return;
    }
    this.#waiting++;
    this.#turn = this.#turn.then(async () => {
      const done = this.#done(event, args[0], answer);
      // The hub keeps publications in the order in which it gets them, and makes one write of many.
      if (event === 'publish') this.#publishing = Promise.all([this.#publishing, done]);
      else await done;
    });
  }

  /** Resolves when what was taken is done. */
  async finish(): Promise<void> {
    await this.#turn;
    await this.#publishing;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.connection.drained = () => {};
    for (const view of this.#views.values()) this.#options.endedViews.unfollow(view, this);
    this.#session.end();
  }

  /** The hub has ended a view of this socket, and wants to be asked again. */
  again(view: number): void {
    const [topic] = [...this.#views].find(([, number]) => number === view) ?? [];
    if (topic === undefined) return;
    this.#options.endedViews.unfollow(view, this);
    this.#views.delete(topic);
    this.#turn = this.#turn.then(async () => {
      if (this.#ended || this.#views.has(topic) || ![...this.#rooms.values()].includes(topic)) return;
      try {
        await this.#follow(topic, () => {});
      } catch (failure) {
        for (const [room, of] of this.#rooms) if (of === topic) this.#rooms.delete(room);
        this.#refuse(this.#asTidewallError(failure), undefined);
      }
    });
  }

  async #done(event: unknown, body: unknown, answer: Ack | undefined): Promise<void> {
    try {
      if (!this.#ended) await this.#carryOut(event, body, (reply) => this.#reply(answer, reply));
    } catch (failure) {
      this.#refuse(this.#asTidewallError(failure), answer);
    }
    this.#waiting--;
  }

  async #carryOut(event: unknown, body: unknown, reply: Ack): Promise<void> {
    switch (event) {
      case 'join':
        return this.#join(roomIn(body), reply);
      case 'leave':
        return this.#leave(roomIn(body), reply);
      case 'publish':
        return this.#publish(body, reply);
      default:
        throw new TidewallError('unknown_command', 'the events that are known here are join, leave and publish');
    }
  }

  async #join(room: unknown, reply: Ack): Promise<void> {
    const topic = this.#options.topicOf(room);
    if (this.#views.has(topic)) reply({ ok: true });
    else await this.#follow(topic, () => reply({ ok: true }));
    this.#rooms.set(String(room), topic);
  }

  async #follow(topic: TopicName, accepted: () => void): Promise<void> {
    await this.#session.subscribe({ topic, whole: 'value' }, ({ topic: view }) => {
      this.#views.set(topic, view);
      this.#options.endedViews.follow(view, this);
      accepted();
    });
  }

  #leave(room: unknown, reply: Ack): void {
    const topic = this.#options.topicOf(room);
    this.#rooms.delete(String(room));
    const view = this.#views.get(topic);
    // Who leaves a room that it is not in is out of it, too.
    if (view !== undefined && ![...this.#rooms.values()].includes(topic)) {
      this.#views.delete(topic);
      this.#options.endedViews.unfollow(view, this);
      this.#session.unsubscribe(view);
    }
    reply({ ok: true });
  }

  async #publish(body: unknown, reply: Ack): Promise<void> {
    const { room, data } = isJsonObject(body) ? body : {};
    if (data === undefined) throw new TidewallError('bad_request', 'to publish, emit { room: "<its name>", data: … }');
    const topic = this.#options.topicOf(room);
    const { context, principal } = this.#options;
    const { epoch, offset } = await context.hub.publish(principal, { topic, ...checkedJson(data) });
    reply({ ok: true, epoch, offset });
  }

  #refuse(error: TidewallError, answer: Ack | undefined): void {
    this.#options.metrics.rejected(error.kind);
    this.#reply(answer, { error: { ...error.toBody() } });
  }

  #reply(answer: Ack | undefined, reply: JsonObject): void {
    if (answer === undefined || this.#ended) return;
    // Answers that nobody reads are not kept for them.
    if (this.#options.connection.congested) this.#options.metrics.rejected('not_read');
    else answer(reply);
  }

  #asTidewallError(failure: unknown): TidewallError {
    if (failure instanceof TidewallError) return failure;
    this.#options.context.log.error({ err: failure, gateway: 'socket-io' }, 'an event could not be handled');
    return new TidewallError('internal', 'the server failed; it has logged why', { cause: failure });
  }
}

/** `{ room }`, as Flask's examples have it, or the name alone. */
function roomIn(body: unknown): unknown {
  return isJsonObject(body) ? (Object.hasOwn(body, 'room') ? body['room'] : undefined) : body;
}

/** Data that another package has parsed, held to the same limits as what we parse. */
function checkedJson(data: JsonValue): { readonly data: JsonValue; readonly json: string } {
  try {
    const json = JSON.stringify(data);
    return { data: parseJson(json), json };
  } catch (failure) {
    const why = failure instanceof SyntaxError ? failure.message : 'it nests too deep';
    throw new TidewallError('bad_request', `data cannot be published: ${why}`, { cause: failure });
  }
}
