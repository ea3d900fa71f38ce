import type { Clock } from '@tidewall/base';
import type { Encoding, Publication, TopicLog, TopicSettings } from '@tidewall/contracts';
import type { Freshness, TopicName } from '@tidewall/protocol';
import { type Change, createKind, type Kind, type KindLimits } from './kinds/index.ts';
import { RateMeter } from './rate-meter.ts';
import { NEEDS_SNAPSHOT } from './subscription.ts';
import { View } from './view.ts';
import { Vitality } from './vitality.ts';

/** The code that ends a subscription whose client may ask again at once. */
const SUBSCRIBE_AGAIN = 2500;

/** The source that feeds a topic, and how it hears whether anybody watches. */
export interface Feeder {
  readonly source: string;
  demand(watched: boolean): void;
}

export interface TopicContext {
  readonly clock: Clock;
  readonly lingerMs: number;
  readonly limits: KindLimits;
  nextViewNumber(): number;
  /** A view has something new to send. */
  changed(view: View): void;
}

/** One topic in this process: the log it follows, what it holds now, its views, its freshness and its demand. */
export class Topic {
  readonly name: TopicName;
  readonly settings: TopicSettings;
  /** Whether nobody has said what kind it is: neither the configuration nor who asked for it first. */
  readonly guessed: boolean;
  readonly log: TopicLog;
  readonly kind: Kind;
  readonly vitality: Vitality;
  readonly views = new Map<Encoding, View>();
  readonly rate: RateMeter;
  feeder: Feeder | undefined;
  /** Somebody publishes to it, or is about to; set in the very turn in which its settings were found right. */
  claimed = false;
  readonly #context: TopicContext;
  #disposed = false;
  #watchers = 0;
  #watched = false;
  #cancelLinger: (() => void) | undefined;

  constructor(name: TopicName, settings: TopicSettings, guessed: boolean, log: TopicLog, context: TopicContext) {
    this.name = name;
    this.guessed = guessed;
    this.settings = settings;
    this.log = log;
    this.#context = context;
    const now = context.clock.monotonic();
    this.kind = createKind(settings.kind, { log, keyField: settings.keyField, limits: context.limits });
    this.vitality = new Vitality(settings.expectEveryMs, now);
    this.rate = new RateMeter(now);
  }

  get watchers(): number {
    return this.#watchers;
  }

  /** As it is now. Of a source that rests because nobody watches, age says nothing. */
  get freshness(): Freshness {
    const freshness = this.vitality.read(this.#context.clock.monotonic());
    return this.#rests ? { ...freshness, state: 'quiet' } : freshness;
  }

  /** Milliseconds since news, for a topic from which some are expected; undefined for others. */
  get overdueMs(): number | undefined {
    const { settings, log } = this;
    if (settings.expectEveryMs === undefined || log.head === 0 || this.#rests) return undefined;
    return this.vitality.ageMs(this.#context.clock.monotonic());
  }

  get #rests(): boolean {
    return this.feeder !== undefined && !this.#watched;
  }

  /** Whether nothing would be lost by forgetting it. */
  get unused(): boolean {
    return this.#watchers === 0 && !this.#watched && this.feeder === undefined && this.unsettled;
  }

  /**
   * Whether its settings may still change: nothing was published to it, nobody is about to, and no source feeds it.
   */
  get unsettled(): boolean {
    return this.log.head === 0 && !this.claimed;
  }

  /** Takes in the next publication of the log. */
  receive(publication: Publication): void {
    this.kind.apply(publication);
    const now = this.#context.clock.monotonic();
    this.rate.count(now);
    this.vitality.alive(now, publication.at);
    this.#notify();
  }

  /** The source is well, or not, without a publication. */
  report(failure: string | undefined): void {
    const before = this.vitality.revision;
    const now = this.#context.clock.monotonic();
    if (failure === undefined) this.vitality.alive(now, undefined);
    else this.vitality.failed(failure, now);
    if (this.vitality.revision !== before) this.#notify();
  }

  /** Lets time pass: a topic that has become late or stale tells its views. */
  checkFreshness(): void {
    const before = this.vitality.revision;
    this.vitality.check(this.#context.clock.monotonic());
    if (this.vitality.revision !== before) this.#notify();
  }

  /** What turns the state at `from` into the state at the head, whether or not the log still has all of it. */
  changesSince(from: number): Change[] {
    const { log, kind } = this;
    if (from !== NEEDS_SNAPSHOT) {
      if (from >= log.head) return [];
      if (from + 1 >= log.first) return kind.changes(from);
      if (kind.changesPastLoss) return kind.changesPastLoss(from);
    }
    const at = log.at(log.head)?.at ?? 0;
    const json = kind.snapshot() ?? kind.empty;
    return [{ type: 'value', offset: log.head, at, n: 1, json, reset: true }];
  }

  viewFor(encoding: Encoding): View {
    let view = this.views.get(encoding);
    if (!view) {
      view = new View(this.#context.nextViewNumber(), this, encoding);
      this.views.set(encoding, view);
    }
    return view;
  }

  /** One more subscription. The source, if there is one, is told of the first. */
  watch(): void {
    this.#watchers++;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    if (this.#watched) return;
    this.#watched = true;
    // A source that has never delivered is not late before it could begin.
    if (this.log.head === 0) this.vitality.alive(this.#context.clock.monotonic(), undefined);
    this.feeder?.demand(true);
  }

  /** One subscription fewer. The source is told when nobody has come back for the linger time. */
  unwatch(view: View, whenUnwatched: () => void): void {
    this.#watchers--;
    if (view.empty) this.views.delete(view.encoding);
    if (this.#watchers > 0) return;
    if (this.#disposed) return;
    this.#cancelLinger = this.#context.clock.after(this.#context.lingerMs, () => {
      this.#cancelLinger = undefined;
      this.#watched = false;
      this.feeder?.demand(false);
      whenUnwatched();
    });
  }

  /** Gives the topic to a source, which hears at once if somebody watches already. */
  attach(feeder: Feeder): void {
    this.feeder = feeder;
    if (this.#watched) feeder.demand(true);
  }

  /** Ends every subscription, so that its client subscribes again and learns what the topic is now. */
  endSubscriptions(reason: string): void {
    for (const view of [...this.views.values()]) view.end(SUBSCRIBE_AGAIN, reason);
  }

  /** True once it is not the topic of its name any more. */
  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    this.#disposed = true;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    this.feeder = undefined;
  }

  #notify(): void {
    for (const view of this.views.values()) this.#context.changed(view);
  }
}
