import { isJsonObject } from '@tidewall/base';
import type { PushFrame, Since } from '@tidewall/protocol';
import { type Accepted, freshnessOf, isOffset } from './frame.ts';
import { Replica } from './replica.ts';
import { isFurther, NO_REWIND, type Rewind, WHOLE } from './wants.ts';

/** Who holds a topic. */
export interface Holder {
  /** The server has sent this of it. */
  push(held: HeldTopic, push: PushFrame): void;
  /** It has changed, and what was received together is through. */
  tellChanged(held: HeldTopic): void;
}

/** What a topic that is held needs of the client. */
export interface HeldTopicContext {
  serverNow(): number;
  /** Publications are lost that this page was to have. */
  unrecovered(): void;
  readonly counts: { resyncs: number; duplicates: number };
}

/**
 * What became of a push: it was taken in, or said nothing new; or what is held cannot be continued by it, so that the
 * topic must be asked for again, from the position or from a new start.
 */
export type Taken = 'taken' | 'nothing' | 'position' | 'anew';

/** Up to where somebody has been told each log. */
export type Told = Map<string, Since>;

/**
 * What this page holds of one topic, and up to where. Its position says exactly what the replica holds: every push
 * must continue it, so a gap is either filled or told.
 */
export class HeldTopic {
  readonly replica: Replica;
  readonly holder: Holder;
  /** The server's number for its pushes; undefined while it sends none. */
  view: number | undefined;
  /** The replica's kind is not a guess of the server's: something has been published. */
  kindSure = false;
  readonly #context: HeldTopicContext;
  /** The epoch of a snapshot that is announced and not here yet; the replica's position is still that of what is held. */
  #awaitedEpoch: string | undefined;
  /** The next asking is for a new start: what is held cannot be continued. */
  #anew = false;
  /** The server ended it over this link, before anything came of it: all of what it becomes is still to come. */
  #unbegun = false;
  #since: Since | undefined;
  #told: readonly Told[] = [];
  #rewind: Rewind | undefined;
  /** The rewind that the held run of publications began with. */
  #rewound: Rewind = NO_REWIND;
  /** Behind which offset the held run begins. */
  #start = Infinity;
  /** Up to where the server has sent; before what is held while it sends again for who came later. */
  #sent = 0;

  constructor(topic: string, holder: Holder, context: HeldTopicContext) {
    this.replica = new Replica(topic);
    this.holder = holder;
    this.#context = context;
  }

  /**
   * The topic is being asked for: says from where, or undefined for a new start.
   *
   * @param told what its followers have been told; of a `log`, all of them go on
   */
  ask(rewind: Rewind | undefined, told: readonly Told[]): Since | undefined {
    const { topic, kind = 'log', position } = this.replica;
    this.#rewind = rewind;
    this.#told = told;
    let since = position;
    for (const one of told) {
      const at = kind === 'log' ? one.get(topic) : undefined;
      if (at && (!since || (at.epoch === since.epoch && at.offset < since.offset))) since = at;
    }
    this.#since = this.#anew ? undefined : since;
    this.replica.position ??= this.#since;
    return this.#since;
  }

  /** What is held cannot be continued; it stays until there is something in its place. */
  startAnew(): void {
    this.#anew = true;
  }

  /** Whether the server must send again what it has sent already, for one who was told less. */
  lags(told: Told): boolean {
    const { topic, kind, position } = this.replica;
    const at = told.get(topic);
    if (kind !== 'log' || !at || !position) return false;
    if (at.epoch === position.epoch) return at.offset < this.#sent;
    told.delete(topic);
    this.#context.unrecovered();
    return false;
  }

  /** Whether one who was told so much is told this push as well; counts it as told. */
  tells(told: Told, { o, n = 1, r, gap }: PushFrame, isNew: boolean): boolean {
    const { topic, kind, position } = this.replica;
    const offset = gap?.to ?? o;
    if (kind !== 'log' || !position || offset === undefined) return isNew;
    const { epoch } = position;
    const at = told.get(topic);
    // Of a whole, nobody could say which of its entries are told already.
    const from = r === 1 ? Infinity : gap ? gap.from - 1 : offset - n;
    const goesOn = at?.epoch === epoch ? from <= at.offset && at.offset < offset : isNew;
    if (goesOn) told.set(topic, { epoch, offset });
    return goesOn;
  }

  /** One who follows without a place of its own has been told what there is. */
  isTold(told: Told): void {
    const { topic, position } = this.replica;
    if (position && !told.has(topic)) told.set(topic, position);
  }

  /** The server ended it: its kind may change, and what it sends next does not go by what was asked. */
  ended(): void {
    // A topic that nobody had published to ends its subscriptions when its first publication tells its kind.
    this.kindSure = false;
    this.#since = undefined;
    this.#unbegun = this.replica.position?.offset === 0;
  }

  /** From here on the server may have published what nobody here was told of. */
  linkDown(): void {
    this.#unbegun = false;
  }

  /** It has become another topic, of a kind that only the server knows: nothing that is held is of it. */
  forget(): void {
    this.replica.forget();
    this.replica.position = undefined;
    this.#awaitedEpoch = undefined;
    this.#broke();
  }

  /** Whether only starting anew brings what this rewind asks for. */
  lacks(rewind: Rewind): boolean {
    const { kind } = this.replica;
    return (kind === 'series' || kind === 'log') && isFurther(rewind, this.#rewound);
  }

  /**
   * The server says where its pushes start.
   *
   * @returns false when they cannot continue what was asked for, and it must be asked for anew
   */
  accept(reply: Accepted): boolean {
    const { kind, epoch, offset, recovered } = reply;
    const since = this.#since;
    const kept = this.replica.accept(reply);
    this.kindSure = offset > 0 || (kept && this.kindSure);
    this.#awaitedEpoch = undefined;
    const begins = this.#unbegun && !kept;
    this.#unbegun = false;
    if (kind === 'signal') {
      this.replica.position = undefined;
      return true;
    }
    const continues = since !== undefined && recovered && since.epoch === epoch;
    // Where nothing was held, what follows is all there is of whatever the topic has become.
    if (since && !kept && since.offset > 0 && !(continues && kind === 'log')) return false;
    // `offset` may be the head already; what follows still starts at `since`, or it would not be recovered.
    if (continues) {
      this.#goOn(since);
      return true;
    }
    this.#rewound = this.#rewind ?? (kind === 'series' ? WHOLE : NO_REWIND);
    const broke = since || (this.replica.position && this.replica.position.epoch !== epoch);
    if (broke && !begins) this.#broke();
    if (kind === 'log' && this.#goOnInLog(epoch, offset)) return true;
    // Offset 0: nothing has been published in this epoch, so there may never be a snapshot to take over.
    const startsEmpty = offset === 0 || (!since && (kind === 'log' || (kind === 'series' && this.#rewind)));
    if (startsEmpty) {
      this.#start = Infinity;
      this.#goOn({ epoch, offset });
      this.#anew = false;
    } else {
      this.#awaitedEpoch = epoch;
      this.#sent = 0;
    }
    return true;
  }

  take(push: PushFrame): Taken {
    const { q, gap, who, join, leave } = push;
    if (q !== undefined) {
      const freshness = freshnessOf(q);
      if (freshness) this.replica.freshness = freshness;
      return 'taken';
    }
    if (who || join || leave) {
      this.replica.attend(push);
      return 'taken';
    }
    return isJsonObject(gap) ? this.#takeGap(gap) : this.#takeData(push);
  }

  /**
   * Counts the entries of a log that this start leaves out.
   *
   * @returns whether what is held stays, and the pushes go on from it: after a gap of the same epoch, which is told
   */
  #goOnInLog(epoch: string, offset: number): boolean {
    const { topic, position } = this.replica;
    // Smaller: a rewind to before what is held, or a server that has less than we had.
    if (position?.epoch !== epoch || offset < (this.#since ?? position).offset) return false;
    const told = this.#told.filter((one) => one.get(topic)?.epoch === epoch);
    // At a new start they lack it only until it is asked for, from where they are.
    if (this.#since || told.length === 0) this.replica.lost += Math.max(0, offset - position.offset);
    if (!this.#since) return false;
    const from = { epoch, offset };
    this.#goOn(from);
    // What lies before it they will not get.
    for (const one of told) if (this.lags(one)) one.set(topic, from);
    return true;
  }

  /** The server sends from here on: what is held goes on, or begins here if it began later. */
  #goOn(from: Since): void {
    const { position } = this.replica;
    this.#sent = from.offset;
    if (from.offset < this.#start) {
      this.replica.clear();
      this.#start = from.offset;
    } else if (position && from.offset <= position.offset) return;
    this.replica.position = from;
  }

  #broke(): void {
    this.replica.breaks += 1;
    this.#context.unrecovered();
  }

  #takeData(push: PushFrame): Taken {
    const { o, n = 1, r, d, m, u, x } = push;
    const bare = d === undefined && m === undefined && u === undefined && x === undefined;
    // Of a newer wire, and nothing that moves the position.
    if (bare && o === undefined) return 'nothing';
    const serverNow = this.#context.serverNow();
    if (this.replica.kind === 'signal') {
      return bare || this.replica.apply(push, false, serverNow) ? 'taken' : 'nothing';
    }
    if (!isOffset(o) || !isOffset(n) || n === 0) return 'position';
    if (this.#awaitedEpoch !== undefined) return r === 1 ? this.#takeSnapshot(push, o, this.#awaitedEpoch) : 'position';
    if (this.replica.position === undefined) return 'anew';
    const { epoch, offset } = this.replica.position;
    if (r === 1) return o < offset ? 'position' : this.#takeSnapshot(push, o, epoch);
    if (o <= offset) {
      this.#sent = o;
      this.#context.counts.duplicates += 1;
      return 'nothing';
    }
    // It may begin before what is held: what had no effect here is counted from where others were.
    if (o - n > offset) return 'position';
    if (bare) this.replica.heard(push.at, serverNow);
    else if (!this.replica.apply(push, false, serverNow)) return 'anew';
    this.#moveTo(epoch, o);
    return 'taken';
  }

  #takeSnapshot(push: PushFrame, offset: number, epoch: string): Taken {
    const before = this.#awaitedEpoch === undefined ? this.replica.position?.offset : this.#since && 0;
    if (!this.replica.apply(push, true, this.#context.serverNow())) return 'anew';
    // Nothing has been published in this epoch: `d` only stands for nothing.
    if (offset === 0) this.replica.clear();
    if (before !== undefined && Array.isArray(push.d) && this.replica.kind === 'log') {
      this.replica.lost += Math.max(0, offset - push.d.length - before);
    }
    this.#awaitedEpoch = undefined;
    this.#anew = false;
    this.#start = 0;
    this.#moveTo(epoch, offset);
    return 'taken';
  }

  #moveTo(epoch: string, offset: number): void {
    this.replica.position = { epoch, offset };
    this.#sent = offset;
    this.kindSure ||= offset > 0;
  }

  #takeGap({ from, to }: { readonly from: unknown; readonly to: unknown }): Taken {
    const position = this.replica.position;
    if (position === undefined || this.#awaitedEpoch !== undefined || !isOffset(from) || !isOffset(to)) {
      return 'position';
    }
    // A gap that begins later than what is held explains only a part of what is missing.
    if (from > position.offset + 1) return 'position';
    this.#sent = to;
    if (to <= position.offset) return 'nothing';
    this.replica.lost += to - position.offset;
    this.replica.position = { epoch: position.epoch, offset: to };
    return 'taken';
  }
}
