import type { Encoding, Push, TopicLog, TopicSettings } from '@tidewall/contracts';
import type { Freshness, TopicName } from '@tidewall/protocol';
import type { Change, Kind } from './kinds/index.ts';
import { NEEDS_SNAPSHOT, type Subscriber, type Subscription } from './subscription.ts';

/** Sessions stand at one offset, or at a few after a cut; frames for more are not kept. */
const MOST_FRAMES = 8;

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
  /** What brings a subscription from an offset to this head, for the few offsets that sessions are at. */
  #frames = { head: -1, from: new Map<number, Uint8Array>() };
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
   * @param failed is told of a subscription whose frame could not be made; it keeps its offset, and the others go on
   * @returns how many frames were handed out
   */
  flush(touched: Set<Subscriber>, failed: (failure: unknown) => void): number {
    this.offset = this.topic.log.head;
    let handed = 0;
    for (const subscription of this.#subscriptions) {
      const { subscriber } = subscription;
      if (!subscriber.ready) continue;
      try {
        const frames = this.#hand(subscriber, this.pull(subscription)) + this.tell(subscription);
        if (frames > 0) touched.add(subscriber);
        handed += frames;
      } catch (failure) {
        failed(failure);
      }
    }
    return handed;
  }

  /**
   * The frame that brings a subscription to the head, or undefined when it is there. Subscriptions that lack the same
   * get the same frame: those in step, those that join, and those that come back after one cut.
   */
  pull(subscription: Subscription): Uint8Array | undefined {
    const { head } = this.topic.log;
    if (subscription.offset === head) return undefined;
    const frame = this.#frameFrom(subscription.offset, head);
    // Not before there is a frame: what could not be encoded is asked for again.
    subscription.offset = head;
    return frame;
  }

  /** As `pull`, for a subscription that could not be written to or is new: a signal that is over is over. */
  catchUp(subscription: Subscription): Uint8Array | undefined {
    if (this.topic.kind.keeps || subscription.offset === NEEDS_SNAPSHOT) return this.pull(subscription);
    subscription.offset = this.topic.log.head;
    return undefined;
  }

  /** Ends every subscription with a code and a reason for its client. */
  end(code: number, reason: string): void {
    const { name, settings, log } = this.topic;
    const head = { view: this.number, topic: name, kind: settings.kind, offset: log.head };
    const frame = this.encoding.encode([{ type: 'end', ...head, code, reason }]);
    for (const subscription of [...this.#subscriptions]) {
      const { subscriber } = subscription;
      // Also to a session that is stalled: a subscription must not end without a word.
      subscriber.enqueue(frame);
      subscriber.flush();
      subscriber.dropped(subscription);
    }
  }

  #frameFrom(from: number, head: number): Uint8Array {
    if (this.#frames.head !== head) this.#frames = { head, from: new Map() };
    const { from: frames } = this.#frames;
    let frame = frames.get(from);
    if (frame === undefined) {
      frame = this.#encodeChanges(from);
      if (frames.size < MOST_FRAMES) frames.set(from, frame);
    }
    return frame;
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
