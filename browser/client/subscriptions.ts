import type { Following } from '@tidewall/browser-contracts/topic-reader';
import type { PushFrame } from '@tidewall/protocol';
import type { HeldTopic } from './held-topic.ts';
import { sharingKey } from './subscribe-command.ts';
import { type Follower, Subscription } from './subscription.ts';
import type { SubscriptionHost } from './subscription-host.ts';

/** What subscriptions need that this set of them does not do itself. */
export type SubscriptionsContext = Omit<
  SubscriptionHost<Subscription>,
  'route' | 'unroute' | 'others' | 'dirty' | 'forget'
>;

/** All that this client follows, each once. */
export class Subscriptions {
  readonly #byKey = new Map<string, Subscription>();
  /** A topic that is followed by its name and found by a pattern has one number, and its pushes serve both. */
  readonly #byView = new Map<number, Set<HeldTopic>>();
  readonly #host: SubscriptionHost<Subscription>;
  #dirty = new Set<HeldTopic>();

  constructor(context: SubscriptionsContext) {
    const set = this;
    this.#host = {
      ...context,
      route(view, held) {
        this.unroute(held);
        held.view = view;
        set.#byView.set(view, (set.#byView.get(view) ?? new Set()).add(held));
      },
      unroute(held) {
        const { view } = held;
        if (view === undefined) return;
        held.view = undefined;
        const routes = set.#byView.get(view);
        routes?.delete(held);
        if (routes?.size === 0) set.#byView.delete(view);
      },
      others: (subscription) =>
        [...set.#byKey.values()].filter((one) => one !== subscription && one.topic === subscription.topic),
      dirty: (held) => void set.#dirty.add(held),
      forget: (subscription) => void set.#byKey.delete(subscription.key),
    };
  }

  /** Adds a follower until the returned function is called, which may be done again and again. */
  follow(topic: string, follower: Follower): Following {
    const key = sharingKey(topic, follower.options);
    let subscription = this.#byKey.get(key);
    if (subscription === undefined) {
      subscription = new Subscription(topic, follower.options, this.#host);
      this.#byKey.set(key, subscription);
    }
    subscription.add(follower);
    return following(follower);
  }

  /** Nothing comes more often than this. */
  pace(mostHz: number | undefined): void {
    this.#host.mostHz = mostHz;
    for (const subscription of this.#byKey.values()) subscription.settle();
  }

  /** There is a new session: asks for everything. */
  up(): void {
    for (const subscription of this.#byKey.values()) subscription.ask();
  }

  /** Hands a push to who it is for; one that was given up meanwhile is nobody's. */
  pushed(push: PushFrame): void {
    const view = push.new?.of ?? push.t;
    // Of those there are now: a server may give what a pattern finds the number of the pattern.
    for (const held of [...(this.#byView.get(view) ?? [])]) if (held.view === view) held.holder.push(held, push);
  }

  /** Tells the followers of every topic that changed, once. */
  flushed(): void {
    if (this.#dirty.size === 0) return;
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const held of dirty) held.holder.tellChanged(held);
  }

  down(): void {
    for (const subscription of [...this.#byKey.values()]) {
      subscription.linkDown();
      if (subscription.followers.size === 0) this.#byKey.delete(subscription.key);
    }
  }

  /** Lets everybody go; nobody is told anything after it. */
  close(): void {
    for (const subscription of this.#byKey.values()) {
      // Not `stop`: a push that is on its way through its subscriptions must not reach the next one.
      subscription.linkDown();
      subscription.followers.clear();
    }
    this.#byKey.clear();
    this.#byView.clear();
    this.#dirty.clear();
  }
}

/** What a follower is handed; one that follows nothing, since the client is closed, may call it too. */
export function following(follower: Follower): Following {
  return Object.assign(() => follower.subscription?.remove(follower), {
    configure({ rateHz }: { readonly rateHz: number | undefined }) {
      const { subscription } = follower;
      follower.options = { ...follower.options, rateHz };
      if (subscription?.followers.has(follower)) subscription.settle();
    },
  });
}
