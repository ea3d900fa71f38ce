import { isJsonObject } from '@tidewall/base';
import type { FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { ERROR_CODES, isTopicPattern, type PushFrame, TidewallError } from '@tidewall/protocol';
import type { Answered } from './commands.ts';
import { SLOW_RETRY_MS } from './connection.ts';
import { subscribeReplyOf } from './frame.ts';
import { HeldTopic, type Holder, type Taken, type Told } from './held-topic.ts';
import { Pause } from './pause.ts';
import { MAX_POSITIONS, numberOf, sharingKey, subscribeBody } from './subscribe-command.ts';
import type { SubscriptionHost } from './subscription-host.ts';
import { combineWants, type Wants } from './wants.ts';

/*
 *          link up            accepted            another rate
 *   off ────────────▶ asking ──────────▶ on ◀──────────────────▶ tuning
 *    ▲    follow        ▲ │ refused      │ a gap, or ended by the server
 *    │                  │ ▼              │
 *    │              due └─ resting ◀─────┘
 *    │                     refused: for good, when somebody attends
 *    └── link down, from anywhere
 */
type Phase = 'off' | 'asking' | 'on' | 'tuning' | 'resting' | 'refused';

/** One who follows a topic, or those that a pattern finds, on this page. */
export interface Follower {
  options: FollowOptions;
  /** Where it follows now. */
  subscription?: Subscription;
  readonly told: Told;
  readonly changed?: ((replica: TopicReplica) => void) | undefined;
  /** Called for each push, right after the replica took it in. */
  readonly pushed?: ((push: PushFrame, replica: TopicReplica) => void) | undefined;
}

/**
 * The one subscription of this client to a topic with these options, shared by all who follow it so; or to a pattern,
 * and then it holds every topic that the pattern finds.
 *
 * What a push does to what is held, `HeldTopic` knows. Where one does not continue that, this asks again.
 */
export class Subscription implements Holder {
  readonly key: string;
  /** A name, or a pattern. */
  readonly topic: string;
  readonly followers = new Set<Follower>();
  readonly #options: FollowOptions;
  readonly #host: SubscriptionHost<Subscription>;
  readonly #isPattern: boolean;
  /** `own`, and what a pattern has found. */
  readonly #held = new Map<string, HeldTopic>();
  /** The topic by its name; of a pattern, it never holds anything, and the server's word on the pattern goes to it. */
  readonly #own: HeldTopic;
  #phase: Phase = 'off';
  /** The server's number for the subscription. */
  #view: number | undefined;
  readonly #pause: Pause;
  /** The kind that was asked for last is the one of what is held, which nobody here has named. */
  #kindIsHeld = false;
  /** The rate that the server knows. */
  #rateHz: number | undefined;
  /** What is held was torn while the server changed the rate: its number is not known until it has answered. */
  #torn = false;

  constructor(topic: string, options: FollowOptions, host: SubscriptionHost<Subscription>) {
    this.key = sharingKey(topic, options);
    this.topic = topic;
    this.#options = options;
    this.#host = host;
    this.#pause = new Pause(host);
    this.#isPattern = isTopicPattern(topic);
    this.#own = new HeldTopic(topic, this, host);
    this.#held.set(topic, this.#own);
  }

  add(follower: Follower): void {
    const { since } = follower.options;
    if (since && !follower.subscription) follower.told.set(this.topic, since);
    this.followers.add(follower);
    follower.subscription = this;
    this.settle();
    if (this.#phase === 'off' && this.#host.isUp()) this.#askSoon();
    // There may be nothing new for long: who comes second is shown what is there. Not at once, since the caller does
    // not have the function that stops it yet.
    for (const { replica } of this.#held.values()) {
      if (replica.kind === undefined && replica.refused === undefined) continue;
      void Promise.resolve().then(() => {
        if (this.followers.has(follower)) this.#tell(() => follower.changed?.(replica));
      });
    }
  }

  remove(follower: Follower): void {
    if (!this.followers.delete(follower)) return;
    if (this.followers.size > 0) {
      this.settle();
      return;
    }
    // Its number is not known before the answer, which is then answered with unsubscribing.
    if (this.#phase === 'asking' || this.#phase === 'tuning') return;
    this.#giveUp();
  }

  /** What the followers want together has changed. */
  settle(): void {
    const { keep } = this.#wants();
    for (const { replica } of this.#held.values()) replica.keep(keep);
    this.#goBack();
    this.#tune();
  }

  /** The session is gone, and with it the server's half of this. */
  linkDown(): void {
    this.#pause.stop();
    this.#unroute();
    for (const held of this.#held.values()) held.linkDown();
    this.#view = undefined;
    this.#phase = 'off';
  }

  push(held: HeldTopic, push: PushFrame): void {
    if (isJsonObject(push.new)) {
      this.#found(push.t, push.new);
      return;
    }
    let isNew = true;
    if (isJsonObject(push.end)) this.#ended(held, push.end);
    else {
      const taken = held.take(push);
      if (taken === 'anew') this.#skip(held);
      if (taken === 'anew' || taken === 'position') {
        this.#resync(held, taken);
        return;
      }
      isNew = taken === 'taken';
    }
    if (isNew) this.#host.dirty(held);
    for (const follower of this.followers) {
      if (held.tells(follower.told, push, isNew)) this.#tell(() => follower.pushed?.(push, held.replica));
    }
    if (this.#lags(held)) this.#resync(held, 'position');
  }

  /** Tells every follower that something changed. */
  tellChanged({ replica }: HeldTopic): void {
    for (const follower of this.followers) this.#tell(() => follower.changed?.(replica));
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (failure) {
      this.#host.failed(failure);
    }
  }

  // --- asking

  /** Asks when the caller is through: who follows in the same breath may want more, and is heard too. */
  #askSoon(): void {
    void Promise.resolve().then(() => {
      if (this.#phase === 'off' && this.#host.isUp() && this.followers.size > 0) this.ask();
    });
  }

  /** Asks for it, from where it is, at the pace that the server takes; so it begins when the link comes up. */
  ask(): void {
    this.#rest(this.#host.bookMs(), () => this.#subscribe());
  }

  #subscribe(): void {
    const wants = this.#wants();
    // A server that was started again may not know the topic, and makes it what the first one says.
    const held = this.#own.kindSure ? this.#own.replica.kind : undefined;
    this.#kindIsHeld = wants.kind === undefined && held !== undefined;
    this.#rateHz = wants.rateHz;
    this.#torn = false;
    this.#phase = 'asking';
    const told = Array.from(this.followers, (follower) => follower.told);
    const positions = [...this.#held].map(([topic, one]) => [topic, one.ask(wants.rewind, told)] as const);
    const body = subscribeBody(this.topic, this.#options, { ...wants, kind: wants.kind ?? held }, positions);
    this.#host.post('subscribe', body, (answer) => this.#answered(answer));
  }

  #answered(answer: Parameters<Answered>[0]): void {
    if (answer instanceof TidewallError) {
      this.#refused(answer);
      return;
    }
    const reply = this.#isPattern ? undefined : subscribeReplyOf(answer);
    const number = this.#isPattern ? numberOf(answer) : reply?.topic;
    if (number === undefined) {
      this.#malformed();
      return;
    }
    this.#on(number);
    if (reply && this.followers.size > 0) {
      this.#host.dirty(this.#own);
      if (!this.#own.accept(reply)) this.#resync(this.#own, 'anew');
    }
    this.#isOn();
  }

  #malformed(): void {
    this.#host.fault(`the server sent a malformed answer to subscribing to ${this.topic}`);
  }

  /** The server sends, under this number. */
  #on(view: number): void {
    this.#view = view;
    this.#phase = 'on';
    this.#host.route(view, this.#own);
  }

  /** What changed while the number was not known is seen to now. */
  #isOn(): void {
    if (this.#phase !== 'on') return;
    if (this.followers.size === 0) this.#giveUp();
    else if (this.#torn) this.#resync(this.#own, 'position');
    else this.settle();
  }

  /** A pattern has found a topic. */
  #found(view: number, found: object): void {
    const { topic } = found as { topic: unknown };
    const reply = subscribeReplyOf({ ...found, topic: view });
    if (!this.#isPattern || reply === undefined || typeof topic !== 'string') {
      this.#malformed();
      return;
    }
    let held = this.#held.get(topic);
    if (held === undefined) {
      this.#forgetEnded();
      held = new HeldTopic(topic, this, this.#host);
      held.replica.keep(this.#wants().keep);
      held.ask(this.#wants().rewind, []);
      this.#held.set(topic, held);
    }
    this.#host.route(view, held);
    this.#host.dirty(held);
    if (!held.accept(reply)) this.#resync(held, 'anew');
  }

  /** Topics come and go for as long as the page lives: those that ended first make room. */
  #forgetEnded(): void {
    for (const [topic, held] of this.#held) {
      if (this.#held.size < MAX_POSITIONS) return;
      if (held === this.#own || held.view !== undefined) continue;
      this.#held.delete(topic);
      for (const { told } of this.followers) told.delete(topic);
    }
  }

  #refused(error: TidewallError): void {
    if (this.followers.size === 0) {
      this.#giveUp();
      return;
    }
    if (error.kind === 'already_subscribed') {
      if (!this.#merges(error)) {
        this.#host.fault(`the server holds a subscription to ${this.topic} that this client gave up`);
      }
      return;
    }
    if (error.kind === 'wrong_kind' && this.#kindIsHeld) {
      this.#own.forget();
      this.#host.dirty(this.#own);
      this.#resync(this.#own, 'anew');
      return;
    }
    if (error.kind === 'unrecoverable_position') for (const held of this.#held.values()) this.#skip(held);
    if (ERROR_CODES[error.kind].retryable || error.kind === 'unrecoverable_position') {
      this.#askAfter(Math.max(error.afterMs, this.#pause.troubleMs()));
      return;
    }
    this.#refuse(this.#own, error.kind, error.message);
    this.#halt();
  }

  /**
   * To the server, options that differ may be the same, and what it then has once is followed once.
   *
   * @returns whether it has said with which subscription this one is the same
   */
  #merges({ kind, detail }: TidewallError): boolean {
    const same = this.#host.others(this).find((one) => one.#view !== undefined && one.#view === detail['topic']);
    if (kind !== 'already_subscribed' || same === undefined) return false;
    const followers = [...this.followers];
    this.followers.clear();
    this.#giveUp();
    for (const follower of followers) same.add(follower);
    return true;
  }

  #refuse(held: HeldTopic, name: string, message: string): void {
    held.replica.refused = { name, message };
    this.#host.dirty(held);
  }

  /** Refused for good: where nobody attends, that is tried again slowly. */
  #halt(): void {
    this.#phase = 'refused';
    if (this.#host.unattended) this.#askAfter(SLOW_RETRY_MS * (0.75 + this.#host.random() / 2));
  }

  #askAfter(ms: number): void {
    this.#rest(ms, () => this.ask());
  }

  #rest(ms: number, then: () => void): void {
    this.#phase = 'resting';
    this.#pause.after(ms, then);
  }

  /** Gives up the server's half; what it still sends of it is for nobody. */
  #leave(): void {
    const topic = this.#view;
    this.#unroute();
    if (topic === undefined) return;
    this.#view = undefined;
    // It counts with the server, though it never waits.
    this.#host.bookMs();
    this.#host.post('unsubscribe', { topic }, () => {});
  }

  #unroute(): void {
    for (const held of this.#held.values()) this.#host.unroute(held);
  }

  /** Nobody follows it any more. */
  #giveUp(): void {
    this.#leave();
    this.#pause.stop();
    this.#host.forget(this);
  }

  /** Asks for the topic again: from the position, so that nothing is missing, or anew. */
  #resync(held: HeldTopic, from: Exclude<Taken, 'taken' | 'nothing'>): void {
    if (from === 'anew') held.startAnew();
    if (this.#phase === 'tuning') {
      this.#torn = true;
      return;
    }
    this.#host.counts.resyncs += 1;
    this.#leave();
    this.#askAfter(this.#pause.troubleMs());
  }

  /** It cannot be continued, and what lies between is lost to all who follow it. */
  #skip(held: HeldTopic): void {
    held.startAnew();
    for (const { told } of this.followers) told.delete(held.replica.topic);
  }

  #wants(): Wants {
    return combineWants(
      Array.from(this.followers, ({ options }) => options),
      this.#host.mostHz,
    );
  }

  /** Whether a follower lacks some of what the server has sent. */
  #lags(held: HeldTopic): boolean {
    return [...this.followers].some(({ told }) => held.lags(told));
  }

  /** A follower wants older publications than the held run began with, or than came since it follows. */
  #goBack(): void {
    const { rewind } = this.#wants();
    if (this.#phase !== 'on') return;
    let again = false;
    for (const held of this.#held.values()) {
      const lacks = rewind && held.lacks(rewind);
      if (!lacks && !this.#lags(held)) continue;
      if (lacks) held.startAnew();
      again = true;
      // What comes again is not for those who began with what came next.
      for (const { told, options } of this.followers) if (!combineWants([options]).rewind) held.isTold(told);
    }
    if (!again) return;
    this.#leave();
    this.ask();
  }

  // --- the rate

  /** Has the server send at the rate that the followers want. */
  #tune(): void {
    if (this.#phase !== 'on' || this.#wants().rateHz === this.#rateHz) return;
    if (this.#isPattern) {
      // What it finds later must come at that rate too.
      this.#leave();
      this.ask();
      return;
    }
    // One that waits for its turn says what is wanted then.
    if (this.#pause.waits) return;
    this.#pause.after(this.#host.bookMs(), () => this.#configure());
  }

  #configure(): void {
    const { rateHz } = this.#wants();
    if (this.#phase !== 'on' || rateHz === this.#rateHz) return;
    this.#phase = 'tuning';
    this.#rateHz = rateHz;
    const body = { topic: this.#view, rateHz: rateHz ?? null };
    this.#host.post('configure', body, (answer) => this.#configured(answer));
  }

  #configured(answer: Parameters<Answered>[0]): void {
    // The subscription was ended before the server came to it.
    if (this.#phase !== 'tuning') return;
    this.#phase = 'on';
    const number = numberOf(answer);
    if (number !== undefined) this.#on(number);
    // Of a refusal that says that it is not as we think; any other leaves it at the rate that it has.
    else if (!(answer instanceof TidewallError)) this.#torn = true;
    else if (!this.#merges(answer))
      this.#torn = ['not_subscribed', 'already_subscribed', 'internal'].includes(answer.kind);
    this.#isOn();
  }

  #ended(held: HeldTopic, { code, reason }: NonNullable<PushFrame['end']>): void {
    held.ended();
    // What is held was made by other rights.
    if (code === 2501) for (const one of this.#held.values()) if (one.replica.kind !== 'log') one.startAnew();
    this.#host.unroute(held);
    if (code < 2500) this.#refuse(held, 'ended', String(reason));
    // The pattern goes on, and announces the topic when it begins again.
    if (held !== this.#own) return;
    this.#unroute();
    this.#view = undefined;
    if (this.followers.size === 0) this.#giveUp();
    else if (code >= 2500) this.#askAfter(this.#pause.troubleMs());
    else this.#halt();
  }
}
