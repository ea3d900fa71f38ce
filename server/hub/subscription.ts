import type { Outlet, Permission } from '@tidewall/contracts';
import type { Member } from '@tidewall/protocol';
import type { PatternSubscription } from './pattern-subscription.ts';
import type { Place } from './place.ts';
import type { Topic } from './topic.ts';
import type { View, Viewer } from './view.ts';
import type { Asked } from './view-options.ts';

/** A session, as its subscriptions see it. */
export interface SubscriptionOwner {
  readonly member: Member;
  readonly outlet: Outlet;
  /** Lets a subscription go that the hub ends. */
  drop(subscription: Subscription): void;
}

/** One session's interest in a topic: a place in a view, and who wanted it. */
export class Subscription implements Viewer {
  readonly owner: SubscriptionOwner;
  readonly topic: Topic;
  readonly permission: Permission;
  asked: Asked;
  view: View;
  readonly place: Place;
  /** It was asked for by its topic's name. */
  named = false;
  /** The patterns that found it; most subscriptions have none. */
  #patterns: Set<PatternSubscription> | undefined;

  constructor(owner: SubscriptionOwner, topic: Topic, view: View, asked: Asked, permission: Permission, place: Place) {
    this.owner = owner;
    this.topic = topic;
    this.view = view;
    this.asked = asked;
    this.permission = permission;
    this.place = place;
  }

  /** Some pattern wants it. */
  get found(): boolean {
    return this.#patterns !== undefined;
  }

  get wanted(): boolean {
    return this.named || this.found;
  }

  foundBy(pattern: PatternSubscription): void {
    this.#patterns ??= new Set();
    this.#patterns.add(pattern);
  }

  isFoundBy(pattern: PatternSubscription): boolean {
    return this.#patterns?.has(pattern) === true;
  }

  /** One of its patterns lets go of it, or all of them do. True: it was wanted by it. */
  letGo(pattern?: PatternSubscription): boolean {
    const had = pattern === undefined ? this.#patterns !== undefined : this.#patterns?.delete(pattern) === true;
    if (pattern === undefined || this.#patterns?.size === 0) this.#patterns = undefined;
    return had;
  }

  get member(): Member {
    return this.owner.member;
  }

  tell(frames: readonly Uint8Array[]): void {
    this.owner.outlet.write(frames);
  }

  dropped(): void {
    this.owner.drop(this);
  }
}
