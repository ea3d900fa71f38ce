import { backoffMs, type Clock, isJsonObject } from '@tidewall/base';
import type { FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import {
  ERROR_CODES,
  type Position,
  type PushFrame,
  type Since,
  type SubscribeReply,
  TidewallError,
} from '@tidewall/protocol';
import type { Answered } from './commands.ts';
import { RECONNECT, SLOW_RETRY_MS, STABLE_MS } from './connection.ts';
import { freshnessOf, isOffset, subscribeReplyOf } from './frame.ts';
import { Replica } from './replica.ts';
import { combineWants, type Wants } from './wants.ts';

/*
 *          link up            accepted
 *   off ────────────▶ asking ──────────▶ on ──┐ a gap, or ended by the server
 *    ▲    follow        ▲ │ refused           │
 *    │                  │ ▼                   │
 *    │              due └─ resting ◀──────────┘
 *    │                     refused: for good, when somebody attends
 *    └── link down, from anywhere
 */
type Phase = 'off' | 'asking' | 'on' | 'resting' | 'refused';

/** What the subscribe command under way said. */
interface Asked {
  readonly since: Since | undefined;
  readonly rewind: number | undefined;
  /** Its kind is the one of what is held, which nobody here has asked for. */
  readonly kindIsHeld: boolean;
}

/** One who follows a topic on this page. */
export interface Follower {
  readonly options: FollowOptions;
  readonly changed?: (replica: TopicReplica) => void;
  /** Called for each push, right after the replica took it in. */
  readonly pushed?: (push: PushFrame, replica: TopicReplica) => void;
}

/** What a subscription needs of the client. */
export interface SubscriptionHost {
  readonly clock: Clock;
  readonly random: () => number;
  readonly unattended: boolean;
  /** Whether commands can be sent. */
  readonly up: boolean;
  /** Books one command; 0 when it may go now. */
  bookMs(): number;
  post(name: 'subscribe' | 'unsubscribe', body: object, answered: Answered): string;
  send(line: string): void;
  serverNow(): number;
  /** From now on, pushes with this number are for this subscription. */
  route(view: number, subscription: Subscription): void;
  unroute(view: number): void;
  /** Followers are to be told when the received frame is through. */
  dirty(subscription: Subscription): void;
  /** Nobody follows it any more, and the server has been told. */
  forget(subscription: Subscription): void;
  /** Publications are lost that this page was to have. */
  unrecovered(): void;
  /** The server contradicts itself in a way that only a new session mends. */
  fault(reason: string): void;
  failed(failure: unknown): void;
  readonly counts: { resyncs: number; duplicates: number };
}

/**
 * The one subscription of this client to a topic, shared by all who follow it.
 *
 * Its position says exactly what the replica holds. Every push must continue it; one that does not makes the
 * subscription ask again from that position, so a gap is either filled or told.
 */
export class Subscription {
  readonly topic: string;
  readonly replica: Replica;
  readonly followers = new Set<Follower>();
  /** Whether `dirty` has been called since the followers were told; the host's. */
  isDirty = false;
  readonly #host: SubscriptionHost;
  #phase: Phase = 'off';
  #view: number | undefined;
  #cancelRest: (() => void) | undefined;
  /** What the replica holds; undefined before the first snapshot, and always for a `signal`. */
  #position: Position | undefined;
  /** The epoch of a snapshot that is announced and not here yet; `#position` is still that of what is held. */
  #awaitedEpoch: string | undefined;
  #asked: Asked = { since: undefined, rewind: undefined, kindIsHeld: false };
  /** The rewind that the held run of publications began with. */
  #rewound = 0;
  /** The next asking is for a new start: what is held cannot be continued. */
  #anew = false;
  /** The replica's kind is not a guess of the server's: something has been published. */
  #kindSure = false;
  #troubles = 0;
  #troubledAt = 0;

  constructor(topic: string, host: SubscriptionHost) {
    this.topic = topic;
    this.replica = new Replica(topic);
    this.#host = host;
  }

  add(follower: Follower): void {
    this.followers.add(follower);
    this.replica.keep(this.#wants().keep);
    this.#rewindFurther();
    if (this.#phase === 'off' && this.#host.up) this.#askSoon();
    if (this.replica.kind === undefined && this.replica.refused === undefined) return;
    // There may be nothing new for long: who comes second is shown what is there. Not at once, since the caller does
    // not have the function that stops it yet.
    void Promise.resolve().then(() => {
      if (this.followers.has(follower)) this.#tell(() => follower.changed?.(this.replica));
    });
  }

  remove(follower: Follower): void {
    if (!this.followers.delete(follower)) return;
    if (this.followers.size > 0) {
      this.replica.keep(this.#wants().keep);
      return;
    }
    // Its number is not known before the answer, which is then answered with unsubscribing.
    if (this.#phase === 'asking') return;
    if (this.#phase === 'on') this.#leave();
    this.stop();
    this.#host.forget(this);
  }

  /** The link comes up: the line that subscribes, unless it must wait its turn. */
  lineForGreeting(): string | undefined {
    const waitMs = this.#host.bookMs();
    if (waitMs === 0) return this.#subscribe();
    this.#rest(waitMs, () => this.#host.send(this.#subscribe()));
    return undefined;
  }

  /** The session is gone, and with it the server's half of this. */
  linkDown(): void {
    this.stop();
    this.#view = undefined;
    this.#phase = 'off';
  }

  /** Leaves no timer. */
  stop(): void {
    this.#cancelRest?.();
    this.#cancelRest = undefined;
  }

  push(push: PushFrame): void {
    if (push.q !== undefined) {
      const freshness = freshnessOf(push.q);
      if (freshness) this.replica.told(freshness);
    } else if (isJsonObject(push.end)) this.#ended(push.end);
    else if (isJsonObject(push.gap)) {
      if (!this.#takeGap(push.gap)) return;
    } else if (push.d !== undefined || push.m !== undefined || push.u !== undefined || push.x !== undefined) {
      if (!this.#takeData(push)) return;
      this.#kindSure ||= isOffset(push.o) && push.o > 0;
    } else return;
    this.#host.dirty(this);
    for (const follower of this.followers) this.#tell(() => follower.pushed?.(push, this.replica));
  }

  /** Tells every follower that something changed. */
  tellChanged(): void {
    for (const follower of this.followers) this.#tell(() => follower.changed?.(this.replica));
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
      if (this.#phase === 'off' && this.#host.up && this.followers.size > 0) this.#ask();
    });
  }

  #ask(): void {
    const waitMs = this.#host.bookMs();
    if (waitMs === 0) this.#host.send(this.#subscribe());
    else this.#rest(waitMs, () => this.#host.send(this.#subscribe()));
  }

  #subscribe(): string {
    const { kind: wanted, rewind } = this.#wants();
    // A server that was started again may not know the topic, and makes it what the first one says.
    const held = this.#kindSure ? this.replica.kind : undefined;
    const kind = wanted ?? held;
    const since = this.#anew ? undefined : this.#position;
    this.#asked = { since, rewind, kindIsHeld: wanted === undefined && held !== undefined };
    this.#phase = 'asking';
    const body = {
      topic: this.topic,
      ...(kind === undefined ? {} : { kind }),
      ...(since === undefined ? {} : { since }),
      ...(rewind === undefined ? {} : { rewind: { count: rewind } }),
    };
    return this.#host.post('subscribe', body, (answer) => this.#answered(answer));
  }

  #answered(answer: Parameters<Answered>[0]): void {
    if (answer instanceof TidewallError) {
      this.#refused(answer);
      return;
    }
    const reply = subscribeReplyOf(answer);
    if (reply === undefined) {
      this.#host.fault(`the server sent a malformed answer to subscribing to ${this.topic}`);
      return;
    }
    this.#view = reply.topic;
    this.#phase = 'on';
    if (this.followers.size === 0) {
      this.#leave();
      this.#host.forget(this);
      return;
    }
    this.#host.route(reply.topic, this);
    this.#accept(reply);
    this.#host.dirty(this);
    this.#rewindFurther();
  }

  #accept(reply: SubscribeReply): void {
    const { kind, epoch, offset, recovered } = reply;
    const { since, rewind } = this.#asked;
    const kept = this.replica.accept(reply);
    this.#kindSure = offset > 0 || (kept && this.#kindSure);
    this.#awaitedEpoch = undefined;
    if (kind === 'signal') {
      this.#position = undefined;
      return;
    }
    const continues = since !== undefined && recovered && since.epoch === epoch;
    // Where nothing was held, what follows is all there is of whatever the topic has become.
    if (since && !kept && !(continues && since.offset === 0)) {
      this.#resync('anew');
      return;
    }
    // `offset` may be the head already; what follows still starts at `since`, or it would not be recovered.
    if (continues) return;
    this.#rewound = rewind ?? (kind === 'series' ? Number.POSITIVE_INFINITY : 0);
    if (since) this.#broke();
    if (kind === 'log' && this.#goOnInLog(epoch, offset)) return;
    // Offset 0: nothing has been published in this epoch, so there may never be a snapshot to take over.
    const startsEmpty = offset === 0 || (!since && (kind === 'log' || (kind === 'series' && rewind !== undefined)));
    if (startsEmpty) {
      this.replica.clear();
      this.#position = { epoch, offset };
      this.#anew = false;
    } else this.#awaitedEpoch = epoch;
  }

  /**
   * Counts the entries of a log that this start leaves out.
   *
   * @returns whether what is held stays, and the pushes go on from it: after a gap of the same epoch, which is told
   */
  #goOnInLog(epoch: string, offset: number): boolean {
    const held = this.#position;
    if (held === undefined) return false;
    if (held.epoch !== epoch) {
      if (!this.#asked.since) this.#broke();
      return false;
    }
    // Smaller: a rewind to before what is held, or a server that has less than we had.
    if (offset < held.offset) return false;
    this.replica.lose(offset - held.offset);
    if (!this.#asked.since) return false;
    this.#position = { epoch, offset };
    return true;
  }

  #broke(): void {
    this.replica.break();
    this.#host.unrecovered();
  }

  #refused(error: TidewallError): void {
    if (error.kind === 'already_subscribed') {
      this.#host.fault(`the server holds a subscription to ${this.topic} that this client gave up`);
      return;
    }
    if (this.followers.size === 0) {
      this.stop();
      this.#host.forget(this);
      return;
    }
    if (error.kind === 'wrong_kind' && this.#asked.kindIsHeld) {
      this.#voidKind();
      return;
    }
    if (error.kind === 'unrecoverable_position') this.#anew = true;
    if (ERROR_CODES[error.kind].retryable || error.kind === 'unrecoverable_position') {
      this.#rest(Math.max(error.afterMs, this.#troubleMs()), () => this.#ask());
      return;
    }
    this.#refuse(error.kind, error.message);
  }

  /** The topic has become another one, of a kind that only the server knows: nothing that is held is of it. */
  #voidKind(): void {
    this.replica.forget();
    this.#position = undefined;
    this.#awaitedEpoch = undefined;
    this.#host.dirty(this);
    this.#resync('anew');
  }

  #refuse(name: string, message: string): void {
    this.replica.refuse({ name, message });
    this.#host.dirty(this);
    this.#phase = 'refused';
    if (this.#host.unattended) this.#rest(SLOW_RETRY_MS * (0.75 + this.#host.random() / 2), () => this.#ask());
  }

  #rest(ms: number, then: () => void): void {
    this.#phase = 'resting';
    this.#cancelRest?.();
    this.#cancelRest = this.#host.clock.after(ms, () => {
      this.#cancelRest = undefined;
      then();
    });
  }

  /** How long to wait after trouble: not at all the first time in a while, then by back-off. */
  #troubleMs(): number {
    const now = this.#host.clock.monotonic();
    if (now - this.#troubledAt >= STABLE_MS) this.#troubles = 0;
    this.#troubledAt = now;
    const earlier = this.#troubles++;
    return earlier === 0 ? 0 : backoffMs(earlier - 1, RECONNECT, this.#host.random());
  }

  /** Gives up the server's half; what it still sends of it is for nobody. */
  #leave(): void {
    const view = this.#view;
    if (view === undefined) return;
    this.#view = undefined;
    this.#host.unroute(view);
    // It counts with the server, though it never waits.
    this.#host.bookMs();
    this.#host.send(this.#host.post('unsubscribe', { topic: view }, () => {}));
  }

  /** Asks for the topic again: from the position, so that nothing is missing, or anew. */
  #resync(from: 'position' | 'anew'): void {
    if (from === 'anew') this.#anew = true;
    this.#host.counts.resyncs += 1;
    this.#leave();
    const waitMs = this.#troubleMs();
    if (waitMs === 0) this.#ask();
    else this.#rest(waitMs, () => this.#ask());
  }

  #wants(): Wants {
    return combineWants([...this.followers].map((follower) => follower.options));
  }

  /** A follower wants older publications than the held run began with: only starting anew brings them. */
  #rewindFurther(): void {
    const { kind } = this.replica;
    if (this.#phase !== 'on' || (kind !== 'series' && kind !== 'log')) return;
    const wanted = this.#wants().rewind ?? 0;
    if (wanted <= this.#rewound) return;
    this.#rewound = wanted;
    this.#anew = true;
    this.#leave();
    this.#ask();
  }

  // --- what comes

  #takeData(push: PushFrame): boolean {
    const { o, n = 1, r } = push;
    const serverNow = this.#host.serverNow();
    if (this.replica.kind === 'signal') return this.replica.apply(push, false, serverNow);
    if (!isOffset(o) || !isOffset(n) || n === 0) return this.#mismatch('position');
    if (this.#awaitedEpoch !== undefined) {
      if (r !== 1) return this.#mismatch('position');
      return this.#takeSnapshot(push, o, this.#awaitedEpoch);
    }
    if (this.#position === undefined) return this.#mismatch('anew');
    const { epoch, offset } = this.#position;
    if (r === 1) return o < offset ? this.#mismatch('position') : this.#takeSnapshot(push, o, epoch);
    if (o <= offset) {
      this.#host.counts.duplicates += 1;
      return false;
    }
    if (o !== offset + n) return this.#mismatch('position');
    if (!this.replica.apply(push, false, serverNow)) return this.#mismatch('anew');
    this.#position = { epoch, offset: o };
    return true;
  }

  #takeSnapshot(push: PushFrame, offset: number, epoch: string): boolean {
    if (!this.replica.apply(push, true, this.#host.serverNow())) return this.#mismatch('anew');
    // Nothing has been published in this epoch: `d` only stands for nothing.
    if (offset === 0) this.replica.clear();
    if (this.#asked.since !== undefined && Array.isArray(push.d) && this.replica.kind === 'log') {
      this.replica.lose(Math.max(0, offset - push.d.length));
    }
    this.#awaitedEpoch = undefined;
    this.#anew = false;
    this.#position = { epoch, offset };
    return true;
  }

  #takeGap({ from, to }: { readonly from: unknown; readonly to: unknown }): boolean {
    const position = this.#position;
    if (position === undefined || this.#awaitedEpoch !== undefined || !isOffset(from) || !isOffset(to)) {
      return this.#mismatch('position');
    }
    if (to <= position.offset) return false;
    // A gap that begins later than what is held explains only a part of what is missing.
    if (from > position.offset + 1) return this.#mismatch('position');
    this.replica.lose(to - position.offset);
    this.#position = { epoch: position.epoch, offset: to };
    return true;
  }

  #mismatch(from: 'position' | 'anew'): false {
    this.#resync(from);
    return false;
  }

  #ended({ code, reason }: NonNullable<PushFrame['end']>): void {
    if (this.#view !== undefined) this.#host.unroute(this.#view);
    this.#view = undefined;
    // A topic that nobody had published to ends its subscriptions when its first publication tells its kind.
    this.#kindSure = false;
    if (code >= 2500) this.#rest(this.#troubleMs(), () => this.#ask());
    else this.#refuse('ended', String(reason));
  }
}
