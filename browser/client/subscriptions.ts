import type { PushFrame } from '@tidewall/protocol';
import { type Follower, Subscription, type SubscriptionHost } from './subscription.ts';

/** What subscriptions need that this set of them does not do itself. */
export type SubscriptionsContext = Omit<SubscriptionHost, 'route' | 'unroute' | 'dirty' | 'forget'>;

/** All topics that this client follows, each once. */
export class Subscriptions {
  readonly #byTopic = new Map<string, Subscription>();
  readonly #byView = new Map<number, Subscription>();
  readonly #host: SubscriptionHost;
  #dirty: Subscription[] = [];

  constructor(context: SubscriptionsContext) {
    const set = this;
    this.#host = {
      ...context,
      // Spread would freeze it.
      get up() {
        return context.up;
      },
      route: (view, subscription) => void set.#byView.set(view, subscription),
      unroute: (view) => void set.#byView.delete(view),
      dirty(subscription) {
        if (subscription.isDirty) return;
        subscription.isDirty = true;
        set.#dirty.push(subscription);
      },
      forget: (subscription) => void set.#byTopic.delete(subscription.topic),
    };
  }

  /** Topics that are followed, or that are being given up. */
  get size(): number {
    return this.#byTopic.size;
  }

  /** Adds a follower until the returned function is called, which may be done again and again. */
  follow(topic: string, follower: Follower): () => void {
    let subscription = this.#byTopic.get(topic);
    if (subscription === undefined) {
      subscription = new Subscription(topic, this.#host);
      this.#byTopic.set(topic, subscription);
    }
    const followed = subscription;
    followed.add(follower);
    return () => followed.remove(follower);
  }

  /** The lines that subscribe to everything, for the greeting of a new session. */
  greeting(): string[] {
    const lines: string[] = [];
    for (const subscription of this.#byTopic.values()) {
      const line = subscription.lineForGreeting();
      if (line !== undefined) lines.push(line);
    }
    return lines;
  }

  /** Hands a push to its subscription; one that was given up meanwhile is nobody's. */
  pushed(push: PushFrame): void {
    this.#byView.get(push.t)?.push(push);
  }

  /** Tells the followers of every topic that changed, once. */
  flushed(): void {
    if (this.#dirty.length === 0) return;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const subscription of dirty) {
      subscription.isDirty = false;
      subscription.tellChanged();
    }
  }

  down(): void {
    this.#byView.clear();
    for (const subscription of [...this.#byTopic.values()]) {
      subscription.linkDown();
      if (subscription.followers.size === 0) this.#byTopic.delete(subscription.topic);
    }
  }

  /** Lets everybody go; nobody is told anything after it. */
  close(): void {
    for (const subscription of this.#byTopic.values()) {
      subscription.stop();
      subscription.followers.clear();
    }
    this.#byTopic.clear();
    this.#byView.clear();
    this.#dirty = [];
  }
}
