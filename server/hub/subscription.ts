import type { Outlet, Permission } from '@tidewall/contracts';
import type { Member } from '@tidewall/protocol';
import type { PatternSubscription } from './pattern-subscription.ts';
import type { Topic } from './topic.ts';
import type { View, Viewer } from './view.ts';
import type { Asked } from './view-options.ts';

/** The offset of a place whose next pull must be the whole: what its client holds, if anything, is void. */
export const NEEDS_SNAPSHOT = -1;

/**
 * Where one session is in one view. Meaningful while the session stands alone: one that is in a cohort is where its
 * views are.
 */
export interface Place {
  /** What the session has been brought up to. */
  offset: number;
  /** What its client has been told that it is at: behind `offset` when the last publications did not concern it. */
  told: number;
  /** The revision of the topic's vitality that the session has been told. */
  freshness: number;
  /** The revision of the topic's roster that the session has been told; 0 in a view without presence. */
  presence: number;
}

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
  /** The patterns that found it. */
  readonly patterns = new Set<PatternSubscription>();

  constructor(owner: SubscriptionOwner, topic: Topic, view: View, asked: Asked, permission: Permission, place: Place) {
    this.owner = owner;
    this.topic = topic;
    this.view = view;
    this.asked = asked;
    this.permission = permission;
    this.place = place;
  }

  get wanted(): boolean {
    return this.named || this.patterns.size > 0;
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
