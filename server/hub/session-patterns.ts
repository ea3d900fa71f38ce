import type { Push, SubscribeRequest } from '@tidewall/contracts';
import { type Limits, type PatternReply, TidewallError, type TopicName, type TopicPattern } from '@tidewall/protocol';
import type { PatternSubscription } from './pattern-subscription.ts';
import { NEEDS_SNAPSHOT } from './place.ts';
import { BEGIN_ANEW } from './renewed-rights.ts';
import { type Start, startOf } from './start-position.ts';
import { replyOf } from './subscribe-reply.ts';
import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';
import { samePattern } from './view-options.ts';

/** The code that ends a pattern for good: its client would be refused again. */
const PATTERN_OVER = 2001;

/** What a session's patterns need of their session, and of the hub. */
export interface PatternHost {
  readonly limits: Limits;
  nextNumber(): number;
  /** The topics that exist, match, and may be seen by whoever asks this. */
  matching(pattern: TopicPattern, request: SubscribeRequest): Iterable<Topic>;
  sees(topic: Topic, request: SubscribeRequest): boolean;
  /** Is told of topics that come to be from now on, or not any more. */
  listen(pattern: PatternSubscription): void;
  unlisten(pattern: PatternSubscription): void;
  /** Whether a topic is followed already, at all or because that pattern found it. */
  holds(topic: Topic, pattern?: PatternSubscription): boolean;
  /** @throws TidewallError limit_exceeded unless there is room for so many topics more */
  requireRoom(topics: number): void;
  /** Follows a topic; the frame brings it to now. @throws TidewallError */
  begin(topic: Topic, request: SubscribeRequest, start: Start): { subscription: Subscription; frame?: Uint8Array };
  /** Lets go of the topics that only this pattern wanted. */
  letGo(pattern: PatternSubscription): void;
  encode(push: Push): Uint8Array;
  write(frames: readonly Uint8Array[]): void;
}

/** The patterns that one session follows, and what they find. */
export class SessionPatterns {
  readonly #host: PatternHost;
  readonly #patterns = new Map<number, PatternSubscription>();

  constructor(host: PatternHost) {
    this.#host = host;
  }

  /** @throws TidewallError limit_exceeded, already_subscribed */
  follow(pattern: TopicPattern, request: SubscribeRequest, accepted: (reply: PatternReply) => void): void {
    const { limits } = this.#host;
    if (this.#patterns.size >= limits.patternsPerSession) {
      const message = `a session may follow ${limits.patternsPerSession} patterns (limits.patternsPerSession)`;
      throw new TidewallError('limit_exceeded', message);
    }
    for (const { number, pattern: other, request: asked } of this.#patterns.values()) {
      if (other !== pattern || !samePattern(asked, request)) continue;
      const message = `this session follows ${pattern} already, with the same options`;
      throw new TidewallError('already_subscribed', message, { detail: { topic: number } });
    }
    const topics: Topic[] = [];
    let more = 0;
    for (const topic of this.#host.matching(pattern, request)) {
      // At the first that is too many: however many there are, a refusal is cheap.
      if (!this.#host.holds(topic)) this.#host.requireRoom(++more);
      topics.push(topic);
    }
    const number = this.#host.nextNumber();
    const followed: PatternSubscription = { number, pattern, request, found: (topic) => this.#found(topic, followed) };
    this.#patterns.set(number, followed);
    this.#host.listen(followed);
    accepted({ topic: number, pattern });
    const { positions = {} } = request;
    let frames: Uint8Array[] = [];
    let bytes = 0;
    for (const topic of topics) {
      const since = Object.hasOwn(positions, topic.name) ? positions[topic.name] : undefined;
      const more = this.#follow(topic, followed, startOf(topic, { ...request, since }));
      // One that has ended meanwhile has let go of what it found, and its client was told.
      if (!this.#patterns.has(number)) return;
      frames.push(...more);
      for (const frame of more) bytes += frame.length;
      // A client that does not take these gets the others when it reads.
      if (bytes < limits.highWaterBytes) continue;
      this.#host.write(frames);
      frames = [];
      bytes = 0;
    }
    if (frames.length > 0) this.#host.write(frames);
  }

  /** True: there was a pattern with that number. */
  unfollow(number: number): boolean {
    const pattern = this.#patterns.get(number);
    if (!pattern) return false;
    this.#patterns.delete(number);
    this.#host.unlisten(pattern);
    this.#host.letGo(pattern);
    return true;
  }

  /** What it may see is not what it was: each pattern ends, and is asked for again. */
  beginAnew(): void {
    for (const pattern of [...this.#patterns.values()]) {
      this.#endAs(pattern, 'what may be seen of it is not what it was', BEGIN_ANEW);
    }
  }

  end(): void {
    for (const pattern of this.#patterns.values()) this.#host.unlisten(pattern);
    this.#patterns.clear();
  }

  /** A topic has come to be. All of it is new to the pattern, also of the kinds that otherwise start at the head. */
  #found(topic: Topic, pattern: PatternSubscription): void {
    // It has been found before, if it was fed and given up before it was published to.
    if (this.#host.holds(topic, pattern) || !this.#host.sees(topic, pattern.request)) return;
    const holds = topic.kind.startsWith === 'snapshot' && topic.log.head > 0;
    const offset = holds ? NEEDS_SNAPSHOT : topic.log.first - 1;
    const frames = this.#follow(topic, pattern, { offset, recovered: false, live: true });
    if (frames.length > 0) this.#host.write(frames);
  }

  /** Follows a topic for a pattern; the frames announce it and bring it to now. */
  #follow(topic: Topic, pattern: PatternSubscription, start: Start): Uint8Array[] {
    if (!this.#patterns.has(pattern.number)) return [];
    let begun: ReturnType<PatternHost['begin']>;
    try {
      begun = this.#host.begin(topic, pattern.request, start);
    } catch (failure) {
      // A pattern that leaves a topic out without a word would be believed.
      this.#endAs(pattern, failure instanceof TidewallError ? failure.message : `${topic.name} cannot be sent`);
      return [];
    }
    const { subscription, frame } = begun;
    subscription.foundBy(pattern);
    const head = { view: subscription.view.number, kind: topic.settings.kind, offset: topic.log.head };
    const found = { of: pattern.number, ...replyOf(subscription, start), topic: topic.name };
    const announcement = this.#host.encode({ type: 'found', topic: topic.name, ...head, found });
    return frame ? [announcement, frame] : [announcement];
  }

  #endAs({ number, pattern }: PatternSubscription, why: string, code = PATTERN_OVER): void {
    if (!this.unfollow(number)) return;
    // The end of a pattern is of no topic; a push has one all the same.
    const head = { view: number, topic: '' as TopicName, kind: 'signal', offset: 0 } as const;
    this.#host.write([this.#host.encode({ type: 'end', ...head, code, reason: `${pattern}: ${why}` })]);
  }
}
