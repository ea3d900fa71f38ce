import type { Encoding, Push, TopicLog, TopicSettings } from '@tidewall/contracts';
import type { Freshness, TopicName } from '@tidewall/protocol';
import type { Change, Kind } from './kinds/index.ts';
import { NEEDS_SNAPSHOT, type Subscriber, type Subscription } from './subscription.ts';

/** A topic, as its views see it. */
export interface ViewedTopic {
  readonly name: TopicName;
  readonly settings: Pick<TopicSettings, 'kind'>;
  readonly log: Pick<TopicLog, 'head'>;
  readonly kind: Pick<Kind, 'keeps'>;
  readonly vitality: { readonly revision: number };
  readonly freshness: Freshness;
  changesSince(offset: number): readonly Change[];
}

/**
 * All subscriptions of a topic that must receive the same bytes. It encodes once, and every session that is in step
 * gets that same frame; one that is not pulls from its own offset.
 */
export class View {
  /** The `t` of its pushes. */
  readonly number: number;
  readonly topic: ViewedTopic;
  readonly encoding: Encoding;
  readonly #subscriptions = new Set<Subscription>();
  /** Where the sessions in step are. */
  offset: number;
  /** The newest freshness frame: told to many in one flush, encoded once. */
  #news: { readonly revision: number; readonly frame: Uint8Array } | undefined;

  constructor(number: number, topic: ViewedTopic, encoding: Encoding) {
    this.number = number;
    this.topic = topic;
    this.encoding = encoding;
    this.offset = topic.log.head;
  }

  get empty(): boolean {
    return this.#subscriptions.size === 0;
  }

  join(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
  }

  leave(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  /**
   * Hands what is new since the last flush to every session that can take it, encoded once.
   *
   * @param touched collects the sessions that have something to write
   * @returns how many frames were handed out
   */
  flush(touched: Set<Subscriber>): number {
    const from = this.offset;
    const head = this.topic.log.head;
    let frame: Uint8Array | undefined;
    this.offset = head;
    let handed = 0;
    for (const subscription of this.#subscriptions) {
      const { subscriber } = subscription;
      if (!subscriber.ready) continue;
      let mine: Uint8Array | undefined;
      if (subscription.offset !== from) mine = this.pull(subscription);
      else if (from < head) {
        // Not before somebody in step can take it: a view whose sessions are all stalled encodes nothing.
        frame ??= this.#encodeChanges(from);
        mine = frame;
        subscription.offset = head;
      }
      const frames = this.#hand(subscriber, mine) + this.tell(subscription);
      if (frames > 0) touched.add(subscriber);
      handed += frames;
    }
    return handed;
  }

  /** The frame for one subscription that is behind, or undefined when it lacks nothing. It is in step afterwards. */
  pull(subscription: Subscription): Uint8Array | undefined {
    const { head } = this.topic.log;
    const from = subscription.offset;
    if (from === head) return undefined;
    subscription.offset = head;
    if (from !== NEEDS_SNAPSHOT && !this.topic.kind.keeps) return undefined;
    return this.#encodeChanges(from);
  }

  /** Tells a subscription how alive the topic is, if it has not heard; returns the frames that took. */
  tell(subscription: Subscription): number {
    const { revision } = this.topic.vitality;
    if (subscription.toldFreshness === revision) return 0;
    subscription.toldFreshness = revision;
    if (this.#news?.revision !== revision) this.#news = { revision, frame: this.#encodeFreshness() };
    return this.#hand(subscription.subscriber, this.#news.frame);
  }

  #hand(subscriber: Subscriber, frame: Uint8Array | undefined): number {
    if (!frame) return 0;
    subscriber.enqueue(frame);
    return 1;
  }

  #encodeFreshness(): Uint8Array {
    const { name, settings, log, freshness } = this.topic;
    const head = { view: this.number, topic: name, kind: settings.kind, offset: log.head };
    return this.encoding.encode([{ type: 'freshness', ...head, freshness }]);
  }

  #encodeChanges(from: number): Uint8Array {
    const { name, settings } = this.topic;
    const head = { view: this.number, topic: name, kind: settings.kind };
    return this.encoding.encode(this.topic.changesSince(from).map((change): Push => ({ ...change, ...head })));
  }
}
