import type {
  Action,
  ConfigureRequest,
  Outlet,
  Permission,
  PlaceInTopic,
  Principal,
  Session,
  SubscribeRequest,
} from '@tidewall/contracts';
import {
  isTopicPattern,
  type Member,
  type PatternReply,
  parseTopicName,
  parseTopicPattern,
  type SubscribeReply,
  TidewallError,
} from '@tidewall/protocol';
import { alreadySubscribed } from './already-subscribed.ts';
import type { Cohort } from './cohort.ts';
import type { Loner } from './flusher.ts';
import type { PatternSubscription } from './pattern-subscription.ts';
import { NEEDS_SNAPSHOT, type Place } from './place.ts';
import { endByRights } from './renewed-rights.ts';
import { requirePermission } from './require-permission.ts';
import type { SessionContext } from './session-context.ts';
import { type PatternHost, SessionPatterns } from './session-patterns.ts';
import { Stall } from './stall.ts';
import { endOf, haveSameRights, requireSame } from './standing.ts';
import { type Start, startOf } from './start-position.ts';
import { replyOf } from './subscribe-reply.ts';
import { Subscription, type SubscriptionOwner } from './subscription.ts';
import type { Topic } from './topic.ts';
import type { View } from './view.ts';
import { changedAsking, viewOptions } from './view-options.ts';

/*
 *                    in step with every view
 *            alone ───────────────────────────▶ in a cohort
 *             ▲ ▲      other views, configured    │
 *     drained │ └─────────────────────────────────┤
 *             │                                   │ full
 *          stalled ◀──────────────────────────────┘
 */

/**
 * One connected client. It holds a place for each subscription; nothing is ever queued for a client that does not
 * read.
 */
export class HubSession implements Session, SubscriptionOwner, Loner {
  readonly id: string;
  readonly outlet: Outlet;
  #principal: Principal;
  readonly #name: string | undefined;
  readonly #context: SessionContext<HubSession>;
  /** By the number of the view. In the order in which they catch up. */
  readonly #subscriptions = new Map<number, Subscription>();
  /** Most sessions have none. */
  #patterns: SessionPatterns | undefined;
  /** Topics being opened for this session count against its limit. */
  #opening = 0;
  #cohort: Cohort | undefined;
  /** While alone: a view that it was not in step with, the last time it was looked. */
  #lagging: View | undefined;
  #ended = false;
  #stall: Stall | undefined;

  constructor(
    id: string,
    principal: Principal,
    outlet: Outlet,
    name: string | undefined,
    context: SessionContext<HubSession>,
  ) {
    this.id = id;
    this.#principal = principal;
    this.outlet = outlet;
    this.#name = name;
    this.#context = context;
  }

  get principal(): Principal {
    return this.#principal;
  }

  get member(): Member {
    const who = { session: this.id, id: this.principal.id };
    return this.#name === undefined ? who : { ...who, name: this.#name };
  }

  async subscribe(request: SubscribeRequest, accepted: (reply: SubscribeReply | PatternReply) => void): Promise<void> {
    if (this.#ended) return;
    if (isTopicPattern(request.topic)) {
      this.#patterns ??= new SessionPatterns(this.#patternHost());
      this.#patterns.follow(parseTopicPattern(request.topic), request, accepted);
      return;
    }
    const name = parseTopicName(request.topic);
    const permission = requirePermission(this.#context.access, this.principal, 'read', name);
    if (request.presence) requirePermission(this.#context.access, this.principal, 'presence', name);
    this.#requireRoom(1);
    this.#opening++;
    let topic: Topic;
    try {
      // A topic that got other settings while this waited is not the topic of that name any more.
      do topic = await this.#context.openTopic(name, request.kind);
      while (topic.disposed);
    } finally {
      this.#opening--;
    }
    if (this.#ended) return this.#context.unwatched(topic);
    const subscription = this.#place(topic, request, permission);
    const { number } = subscription.view;
    if (this.#subscriptions.get(number)?.named) throw alreadySubscribed(name, number);
    const start = startOf(topic, request);
    // Made before the reply: a frame that cannot be made refuses the command, and leaves nothing behind.
    const frame = this.#begin(subscription, start);
    const followed = this.#add(subscription);
    followed.named = true;
    accepted({ topic: followed.view.number, ...replyOf(followed, start) });
    if (frame) this.#tell([frame]);
  }

  configure(number: number, change: ConfigureRequest, accepted: (view: number) => void): void {
    const subscription = this.#subscription(number);
    const { topic, permission } = subscription;
    const asked = changedAsking(subscription.asked, change);
    const options = viewOptions(topic.settings, asked, permission, this.#context.limits.flushWindowMs);
    const before = subscription.view;
    if (options.key === before.options.key) {
      accepted(number);
      return;
    }
    // What a pattern has found goes on as it is, under its number.
    const stays = subscription.named && subscription.found;
    if (stays) this.#requireRoom(1);
    const view = topic.viewFor(before.encoding, options);
    if (this.#subscriptions.has(view.number)) throw alreadySubscribed(topic.name, view.number);
    this.#standAlone();
    const moved = stays
      ? new Subscription(this, topic, view, asked, permission, { ...subscription.place })
      : subscription;
    if (stays) {
      subscription.named = false;
      moved.named = true;
      topic.watch(view, moved);
    } else {
      moved.asked = asked;
      moved.view = view;
      topic.moveView(before, view, moved);
      this.#subscriptions.delete(number);
    }
    this.#subscriptions.set(view.number, moved);
    // What was hidden before is not held by the client. Of a log and a signal, only what comes matters.
    const sameShown = options.selection?.key === before.options.selection?.key;
    const voids = !sameShown && topic.kind.startsWith === 'snapshot' && topic.log.head > 0;
    if (voids) moved.place.offset = NEEDS_SNAPSHOT;
    accepted(view.number);
    const frame = this.#ready ? this.#pull(view, moved.place) : undefined;
    if (frame) this.#tell([frame]);
  }

  unsubscribe(number: number): void {
    if (this.#patterns?.unfollow(number)) return;
    const subscription = this.#subscription(number);
    // By the number that both have, first the one by name is meant: the pattern has one of its own.
    if (!subscription.named) subscription.letGo();
    subscription.named = false;
    if (!subscription.wanted) this.#release(subscription);
  }

  /** Writes one buffer that its whole cohort is handed, or frames of its own. */
  write(frames: readonly Uint8Array[]): void {
    if (this.#ended || this.outlet.write(frames) || this.#stall !== undefined) return;
    this.#standAlone();
    this.#context.alone(this, false);
    this.#stall = new Stall(this.#context.monotonic(), this.outlet);
    this.#context.stalled(this);
  }

  flush(flushed: ReadonlySet<View>): number {
    const frames: Uint8Array[] = [];
    for (const { view, place } of this.#subscriptions.values()) {
      if (!flushed.has(view)) continue;
      const frame = this.#pull(view, place);
      if (frame) frames.push(frame);
    }
    if (frames.length > 0) this.#tell(frames);
    if (this.#ready && (this.#lagging === undefined || flushed.has(this.#lagging))) this.#joinCohort();
    return frames.length;
  }

  places(): readonly PlaceInTopic[] {
    return [...this.#subscriptions.values()].map((each) => each.topic.whereabouts(this.#offsetOf(each)));
  }

  standing(): readonly SubscribeReply[] {
    const named = [...this.#subscriptions.values()].filter((each) => each.named);
    return named.map((each) => {
      const offset = this.#offsetOf(each);
      return { topic: each.view.number, ...replyOf(each, { offset, recovered: offset !== NEEDS_SNAPSHOT }) };
    });
  }

  drained(): void {
    if (this.#stall === undefined || this.#ended) return;
    this.#stall = undefined;
    this.#context.unstalled(this);
    this.#context.alone(this, true);
    // One at a time, each to the end of the order once it has been served: a client that takes a little at a time
    // gets round to all of its topics.
    for (const subscription of [...this.#subscriptions.values()]) {
      const { view, place } = subscription;
      if (view.waiting) {
        // What waits for its time is told then, with all others.
        view.rejoin(place);
        continue;
      }
      if (view.inStep(place) || !this.#catchUp(subscription)) continue;
      this.#subscriptions.delete(view.number);
      this.#subscriptions.set(view.number, subscription);
      if (!this.#ready) return;
    }
  }

  /** Closes the session when it has taken nothing at all for the limit's time. Called while it is stalled. */
  checkProgress(): void {
    const { noProgressMs } = this.#context.limits;
    if (!this.#stall || this.#stall.lastsMs(this.#context.monotonic(), this.outlet) < noProgressMs) return;
    this.outlet.close('no_progress', `nothing was read for ${noProgressMs / 1000} s`);
    this.end();
  }

  renew(principal: Principal): void {
    const before = this.#principal;
    requireSame(before, principal);
    this.#principal = principal;
    if (haveSameRights(before, principal)) return;
    this.#patterns?.beginAnew();
    endByRights([...this.#subscriptions.values()], principal, this.#context);
  }

  /** Closes the session when who it belongs to may not be there any more, or may do something else than before. */
  checkStanding(): void {
    const end = endOf(this.#principal);
    if (end === undefined) return;
    this.outlet.close(end.code, end.reason);
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#standAlone();
    this.#ended = true;
    this.#context.alone(this, false);
    this.#patterns?.end();
    for (const subscription of [...this.#subscriptions.values()]) this.#remove(subscription);
    this.#context.ended(this);
  }

  drop(subscription: Subscription): void {
    if (this.#subscriptions.get(subscription.view.number) === subscription) this.#release(subscription);
  }

  /** Writes frames of its own, and after them where it is, on wires that say so. */
  #tell(frames: readonly Uint8Array[]): void {
    const { encoding } = this.outlet;
    this.write(encoding.after === undefined ? frames : [...frames, encoding.after(this.places())]);
  }

  #offsetOf({ place, view }: Subscription): number {
    return this.#cohort === undefined ? place.offset : view.place.offset;
  }

  get #ready(): boolean {
    return this.#stall === undefined && !this.#ended;
  }

  #requireRoom(topics: number): void {
    const { subscriptionsPerSession } = this.#context.limits;
    if (this.#subscriptions.size + this.#opening + topics <= subscriptionsPerSession) return;
    throw new TidewallError(
      'limit_exceeded',
      `a session may have ${subscriptionsPerSession} subscriptions (limits.subscriptionsPerSession)`,
    );
  }

  /** As `requireRoom`, for a subscription that would leave a view behind if it is refused. */
  #requireRoomFor(placed: Subscription): void {
    try {
      this.#requireRoom(1);
    } catch (failure) {
      placed.topic.leaveView(placed.view, placed);
      throw failure;
    }
  }

  #subscription(number: number): Subscription {
    const subscription = this.#subscriptions.get(number);
    if (subscription) return subscription;
    throw new TidewallError('not_subscribed', `this session has no subscription ${number}`);
  }

  /** A subscription that nobody knows of yet. */
  #place(topic: Topic, request: SubscribeRequest, permission: Permission): Subscription {
    const { limits } = this.#context;
    const options = viewOptions(topic.settings, request, permission, limits.flushWindowMs);
    topic.checkFreshness();
    const view = topic.viewFor(request.encoding ?? this.outlet.encoding, options);
    const { rateHz, filter, fields, delta, presence, whole } = request;
    const asked = { rateHz, filter, fields, delta, presence, whole };
    return new Subscription(this, topic, view, asked, permission, view.placeAt(topic.log.head));
  }

  /** Puts it where it starts, and makes the frame that brings it to now; a session that cannot read gets it later. */
  #begin(subscription: Subscription, start: Start): Uint8Array | undefined {
    const { view, place, topic } = subscription;
    place.offset = start.offset;
    place.told = Math.max(0, start.offset);
    place.rewind = start.rewind;
    if (!this.#ready) return undefined;
    try {
      return start.live ? view.pull(place) : view.catchUp(place);
    } catch (failure) {
      topic.leaveView(view, subscription);
      throw failure;
    }
  }

  /** Adds a subscription, or returns the one that a pattern has in the same view, put in its place. */
  #add(subscription: Subscription): Subscription {
    const { view, topic, place } = subscription;
    this.#standAlone();
    const known = this.#subscriptions.get(view.number);
    if (known) {
      // What it still has to be told must not be passed over by where the new one starts.
      const frame = view.pull(known.place);
      if (frame) this.#tell([frame]);
      Object.assign(known.place, place);
      return known;
    }
    this.#subscriptions.set(view.number, subscription);
    topic.watch(view, subscription);
    // Its own coming is in the reply.
    place.presence = view.placeAt(place.offset).presence;
    return subscription;
  }

  /** What is new to it; undefined too when that cannot be made. */
  #pull(view: View, place: Place): Uint8Array | undefined {
    try {
      return view.pull(place);
    } catch (failure) {
      this.#context.failed(failure, view);
      return undefined;
    }
  }

  /** True: it was told something. */
  #catchUp({ view, place }: Subscription): boolean {
    try {
      const frame = view.catchUp(place);
      if (frame) this.#tell([frame]);
      return frame !== undefined;
    } catch (failure) {
      this.#context.failed(failure, view);
      return false;
    }
  }

  #release(subscription: Subscription): void {
    this.#standAlone();
    this.#remove(subscription);
    if (this.#subscriptions.size === 0) this.#context.alone(this, false);
  }

  #remove(subscription: Subscription): void {
    const { topic, view } = subscription;
    this.#subscriptions.delete(view.number);
    topic.unwatch(view, subscription, () => this.#context.unwatched(topic));
  }

  /** From here on its places count. */
  #standAlone(): void {
    this.#lagging = undefined;
    if (this.#stall === undefined && !this.#ended) this.#context.alone(this, true);
    if (!this.#cohort) return;
    for (const { view, place } of this.#subscriptions.values()) Object.assign(place, view.place);
    this.#context.cohorts.leave(this, this.#cohort);
    this.#cohort = undefined;
  }

  #joinCohort(): void {
    const views: View[] = [];
    for (const { view, place } of this.#subscriptions.values()) {
      if (!view.inStep(place)) {
        this.#lagging = view;
        return;
      }
      views.push(view);
    }
    this.#context.alone(this, false);
    if (views.length > 0) this.#cohort = this.#context.cohorts.join(this, views);
  }

  #patternHost(): PatternHost {
    const { limits, nextNumber, matching, listen, unlisten } = this.#context;
    return {
      limits,
      nextNumber,
      matching: (pattern, request) => matching(pattern, (topic) => this.#sees(topic, request)),
      sees: (topic, request) => this.#sees(topic, request),
      listen,
      unlisten,
      holds: (topic, pattern) => this.#holds(topic, pattern),
      requireRoom: (topics) => this.#requireRoom(topics),
      begin: (topic, request, start) => {
        const permission = requirePermission(this.#context.access, this.principal, 'read', topic.name);
        const placed = this.#place(topic, request, permission);
        const { number } = placed.view;
        // A topic that is held with other options takes a subscription more.
        if (!this.#subscriptions.has(number)) this.#requireRoomFor(placed);
        const frame = this.#begin(placed, start);
        const subscription = this.#add(placed);
        return frame ? { subscription, frame } : { subscription };
      },
      letGo: (pattern) => {
        for (const subscription of [...this.#subscriptions.values()]) {
          if (subscription.letGo(pattern) && !subscription.wanted) this.#release(subscription);
        }
      },
      encode: (push) => this.outlet.encoding.encode([push]),
      write: (frames) => this.write(frames),
    };
  }

  #sees(topic: Topic, { kind, presence }: SubscribeRequest): boolean {
    if (kind !== undefined && kind !== topic.settings.kind) return false;
    const may = (action: Action) => this.#context.access.permit(this.principal, action, topic.name) !== undefined;
    return may('read') && (presence !== true || may('presence'));
  }

  #holds(topic: Topic, pattern?: PatternSubscription): boolean {
    for (const each of this.#subscriptions.values()) {
      if (each.topic === topic && (pattern === undefined || each.isFoundBy(pattern))) return true;
    }
    return false;
  }
}
