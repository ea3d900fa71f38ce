import type { Access, ConfigureRequest, Outlet, Principal, Session, SubscribeRequest } from '@tidewall/contracts';
import { type Limits, parseTopicName, type SubscribeReply, TidewallError, type TopicName } from '@tidewall/protocol';
import { startOf } from './start-position.ts';
import type { Subscriber, Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';
import type { View } from './view.ts';

export interface SessionContext {
  readonly limits: Limits;
  readonly access: Access;
  monotonic(): number;
  openTopic(name: TopicName, kind: SubscribeRequest['kind']): Promise<Topic>;
  /** Nobody needs this topic any more, perhaps. */
  unwatched(topic: Topic): void;
  /** A session stopped or went on taking frames, or is gone. */
  stalled(session: HubSession): void;
  unstalled(session: HubSession): void;
  ended(session: HubSession): void;
}

/** A subscription, as its session holds it. */
interface Followed extends Subscription {
  readonly topic: Topic;
  readonly view: View;
}

/**
 * One connected client. It holds a number for each subscription and, within one flush, the frames of that flush;
 * nothing is ever queued for a client that does not read.
 */
export class HubSession implements Session, Subscriber {
  readonly id: string;
  readonly principal: Principal;
  readonly #outlet: Outlet;
  readonly #context: SessionContext;
  /** By the number of the view. In the order in which they catch up. */
  readonly #subscriptions = new Map<number, Followed>();
  /** Topics being opened for this session, so that asking twice at once is asking twice. */
  readonly #opening = new Set<TopicName>();
  #out: Uint8Array[] = [];
  #ended = false;
  #stall: { sinceMs: number; takenBytes: number } | undefined;

  constructor(id: string, principal: Principal, outlet: Outlet, context: SessionContext) {
    this.id = id;
    this.principal = principal;
    this.#outlet = outlet;
    this.#context = context;
  }

  get ready(): boolean {
    return this.#stall === undefined && !this.#ended;
  }

  async subscribe(request: SubscribeRequest, accepted: (reply: SubscribeReply) => void): Promise<void> {
    const name = parseTopicName(request.topic);
    const { access, limits } = this.#context;
    if (!access.permit(this.principal, 'read', name)) {
      throw new TidewallError('permission_denied', `${this.principal.id} may not read ${name}`);
    }
    if (this.#opening.has(name)) throw alreadySubscribed(name);
    if (this.#subscriptions.size + this.#opening.size >= limits.subscriptionsPerSession) {
      throw new TidewallError('limit_exceeded', `a session may have ${limits.subscriptionsPerSession} subscriptions`);
    }
    this.#opening.add(name);
    let topic: Topic;
    try {
      // A topic that got other settings while this waited is not the topic of that name any more.
      do topic = await this.#context.openTopic(name, request.kind);
      while (topic.disposed);
    } finally {
      this.#opening.delete(name);
    }
    if (this.#ended) return this.#context.unwatched(topic);
    this.#follow(topic, request, accepted);
  }

  #follow(topic: Topic, request: SubscribeRequest, accepted: (reply: SubscribeReply) => void): void {
    const view = topic.viewFor(this.#outlet.encoding);
    if (this.#subscriptions.has(view.number)) throw alreadySubscribed(topic.name);
    topic.checkFreshness();
    const { offset, recovered } = startOf(topic, request);
    const { settings, log, vitality } = topic;
    const subscription: Followed = { subscriber: this, topic, view, offset, toldFreshness: vitality.revision };
    // Made before the reply: a frame that cannot be made refuses the command, and leaves nothing behind.
    const frame = this.ready ? this.#frameBehind(subscription) : undefined;
    this.#subscriptions.set(view.number, subscription);
    view.join(subscription);
    topic.watch();
    accepted({
      topic: view.number,
      kind: settings.kind,
      ...(settings.kind === 'table' ? { keyField: settings.keyField } : {}),
      epoch: log.epoch,
      offset: offset < 0 ? log.head : offset,
      recovered,
      freshness: topic.freshness,
    });
    if (frame === undefined) return;
    this.enqueue(frame);
    this.flush();
  }

  configure(number: number, _change: ConfigureRequest, accepted: (view: number) => void): void {
    if (!this.#subscriptions.has(number)) {
      throw new TidewallError('not_subscribed', `this session has no subscription ${number}`);
    }
    accepted(number);
  }

  unsubscribe(number: number): void {
    const subscription = this.#subscriptions.get(number);
    if (!subscription) throw new TidewallError('not_subscribed', `this session has no subscription ${number}`);
    this.#release(subscription);
  }

  enqueue(frame: Uint8Array): void {
    this.#out.push(frame);
  }

  flush(): void {
    if (this.#out.length === 0 || this.#ended) return;
    const frames = this.#out;
    this.#out = [];
    if (this.#outlet.write(frames) || this.#stall !== undefined) return;
    this.#stall = { sinceMs: this.#context.monotonic(), takenBytes: this.#outlet.takenBytes() };
    this.#context.stalled(this);
  }

  drained(): void {
    if (this.#stall === undefined || this.#ended) return;
    this.#stall = undefined;
    this.#context.unstalled(this);
    // One at a time, each to the end of the order once it has been served: a client that takes a little at a time
    // gets round to all of its topics.
    for (const subscription of [...this.#subscriptions.values()]) {
      if (this.#enqueueBehind(subscription)) {
        const { number } = subscription.view;
        this.#subscriptions.delete(number);
        this.#subscriptions.set(number, subscription);
        this.flush();
      }
      if (!this.ready) return;
    }
  }

  /** Closes the session when it has taken nothing at all for the limit's time. Called while it is stalled. */
  checkProgress(): void {
    if (!this.#stall) return;
    const takenBytes = this.#outlet.takenBytes();
    const now = this.#context.monotonic();
    if (takenBytes !== this.#stall.takenBytes) {
      this.#stall = { sinceMs: now, takenBytes };
    } else if (now - this.#stall.sinceMs >= this.#context.limits.noProgressMs) {
      this.#outlet.close('no_progress', `nothing was read for ${this.#context.limits.noProgressMs / 1000} s`);
      this.end();
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#out = [];
    for (const subscription of [...this.#subscriptions.values()]) this.#release(subscription);
    this.#context.ended(this);
  }

  dropped(subscription: Subscription): void {
    const followed = subscription as Followed;
    if (this.#subscriptions.get(followed.view.number) === followed) this.#release(followed);
  }

  #enqueueBehind(subscription: Followed): boolean {
    const frame = this.#frameBehind(subscription);
    if (frame) this.enqueue(frame);
    return subscription.view.tell(subscription) > 0 || frame !== undefined;
  }

  #frameBehind(subscription: Followed): Uint8Array | undefined {
    const { view } = subscription;
    // In step with its view means that the next flush brings it what is new.
    return subscription.offset === view.offset ? undefined : view.catchUp(subscription);
  }

  #release(subscription: Followed): void {
    const { topic, view } = subscription;
    this.#subscriptions.delete(view.number);
    view.leave(subscription);
    topic.unwatch(view, () => this.#context.unwatched(topic));
  }
}

function alreadySubscribed(name: TopicName): TidewallError {
  return new TidewallError('already_subscribed', `this session follows ${name} already`);
}
