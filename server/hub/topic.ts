import type { Clock } from '@tidewall/base';
import type {
  Demand,
  Encoding,
  FeedSettings,
  PlaceInTopic,
  Publication,
  TopicLog,
  TopicSettings,
} from '@tidewall/contracts';
import {
  type Freshness,
  type Limits,
  type Member,
  type Presence,
  TidewallError,
  type TopicName,
} from '@tidewall/protocol';
import { createKind, type Kind } from './kinds/index.ts';
import { PublicationKeys } from './publication-keys.ts';
import { RateMeter } from './rate-meter.ts';
import { Roster } from './roster.ts';
import { View, type Viewer } from './view.ts';
import type { ViewOptions } from './view-options.ts';
import { Vitality } from './vitality.ts';

/** The code that ends a subscription whose client may ask again at once. */
const SUBSCRIBE_AGAIN = 2500;
/** Of a crowd, the number of those who are present is told this often. */
const CROWD_NEWS_MS = 1000;

/** The source that feeds a topic, and how it hears whether anybody watches. */
export interface Feeder {
  readonly source: string;
  readonly said: FeedSettings;
  demand(demand: Demand): void;
}

export interface TopicContext {
  readonly clock: Clock;
  readonly limits: Limits;
  nextViewNumber(): number;
  /** A view has something new to send. */
  changed(view: View): void;
  /** Nobody has that view any more. */
  left(view: View): void;
  /** Somebody watches a topic, or nobody any more. */
  watched(topic: Topic, watched: boolean): void;
  /** A topic has come to be: something was published to it, or a source feeds it. */
  began(topic: Topic): void;
}

/** One topic in this process: the log it follows, what it holds now, its views, its freshness and its demand. */
export class Topic {
  readonly name: TopicName;
  /** Whether nobody has said what kind it is: neither the configuration nor who asked for it first. */
  readonly guessed: boolean;
  readonly log: TopicLog;
  readonly kind: Kind;
  readonly vitality: Vitality;
  readonly rate: RateMeter;
  readonly keys: PublicationKeys;
  feeder: Feeder | undefined;
  /**
   * How many are about to publish to it, or have, or feed it; who is refused takes its claim back. Counted in the very
   * turn in which its settings were found right.
   */
  claims = 0;
  readonly #context: TopicContext;
  readonly #views = new Map<Encoding, Map<string, View>>();
  #settings: TopicSettings;
  #began: boolean;
  #disposed = false;
  #watchers = 0;
  #watched = false;
  #cancelLinger: (() => void) | undefined;
  /** What its source was told last of those who watch. */
  #told: Demand | undefined;
  /** Kept while some view tells of it. */
  #roster: Roster | undefined;
  #cancelCrowdNews: (() => void) | undefined;

  constructor(name: TopicName, settings: TopicSettings, guessed: boolean, log: TopicLog, context: TopicContext) {
    this.name = name;
    this.guessed = guessed;
    this.#settings = settings;
    this.log = log;
    this.#context = context;
    const now = context.clock.monotonic();
    this.kind = createKind(settings.kind, { log, keyField: settings.keyField, limits: context.limits });
    this.vitality = new Vitality(settings.expectEveryMs, now);
    this.rate = new RateMeter(now);
    this.keys = new PublicationKeys(context.limits.publicationKeys, log);
    this.#began = log.head > 0;
    this.#takeInKept();
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  get watchers(): number {
    return this.#watchers;
  }

  /** Whether somebody watches it, or did within the linger time. */
  get watched(): boolean {
    return this.#watched;
  }

  /** In how many ways it is followed: with different options, or over different wires. */
  get viewCount(): number {
    let count = 0;
    for (const views of this.#views.values()) count += views.size;
    return count;
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

  /** Whether something was published to it, or a source feeds it: otherwise it is only a name that was asked for. */
  get exists(): boolean {
    return this.log.head > 0 || this.feeder !== undefined;
  }

  /** Whether nothing would be lost by forgetting it. */
  get unused(): boolean {
    return this.#watchers === 0 && !this.#watched && this.feeder === undefined && this.unsettled;
  }

  /**
   * Whether its settings may still change: nothing was published to it, nobody is about to, and no source feeds it.
   */
  get unsettled(): boolean {
    return this.log.head === 0 && this.claims === 0;
  }

  /** Who follows it, for the views that tell; somebody must be following with presence. */
  get roster(): Roster {
    this.#roster ??= this.#countMembers();
    return this.#roster;
  }

  now(): number {
    return this.#context.clock.now();
  }

  whereabouts(offset: number): PlaceInTopic {
    return { topic: this.name, epoch: this.log.epoch, offset: Math.max(0, offset) };
  }

  /** Takes in the next publication of the log. */
  receive(publication: Publication): void {
    this.kind.apply(publication);
    const now = this.#context.clock.monotonic();
    this.rate.count(now);
    this.vitality.alive(now, publication.at);
    this.#notify();
    this.#begin();
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

  /** Takes other settings of the same kind and key field. */
  settle(settings: TopicSettings): void {
    this.#settings = settings;
    const before = this.vitality.revision;
    this.vitality.expect(settings.expectEveryMs);
    this.vitality.check(this.#context.clock.monotonic());
    if (this.vitality.revision !== before) this.#notify();
  }

  /** Its source works at another pace from now on. */
  expect(everyMs: number): void {
    this.settle({ ...this.#settings, expectEveryMs: everyMs });
  }

  viewFor(encoding: Encoding, options: ViewOptions): View {
    let views = this.#views.get(encoding);
    if (!views) {
      views = new Map();
      this.#views.set(encoding, views);
    }
    let view = views.get(options.key);
    if (!view) {
      const { viewsPerTopic } = this.#context.limits;
      if (this.viewCount >= viewsPerTopic) {
        const message = `${this.name} is followed in ${viewsPerTopic} different ways already (limits.viewsPerTopic)`;
        throw new TidewallError('limit_exceeded', message, { detail: { limit: 'viewsPerTopic', max: viewsPerTopic } });
      }
      view = new View(this.#context.nextViewNumber(), this, encoding, options);
      views.set(options.key, view);
    }
    return view;
  }

  /** One more subscription. The source, if there is one, is told of the first. */
  watch(view: View, viewer: Viewer): void {
    // Counted before it is one of those who are counted.
    if (view.options.presence) this.#roster ??= this.#countMembers();
    this.#add(view, viewer);
    if (this.#roster?.enter(viewer.member)) this.#rosterMoved(this.#roster);
    this.#watchers++;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    if (this.#watched) return;
    this.#watched = true;
    // A source that has never delivered is not late before it could begin.
    if (this.log.head === 0) this.vitality.alive(this.#context.clock.monotonic(), undefined);
    this.#tellDemand();
    this.#context.watched(this, true);
  }

  /** One subscription fewer. The source is told when nobody has come back for the linger time. */
  unwatch(view: View, viewer: Viewer, whenUnwatched: () => void): void {
    this.leaveView(view, viewer);
    if (this.#roster?.exit(viewer.member.session)) this.#rosterMoved(this.#roster);
    this.#watchers--;
    if (this.#watchers > 0 || this.#disposed) return;
    this.#cancelLinger = this.#context.clock.after(this.#context.limits.lingerMs, () => {
      this.#cancelLinger = undefined;
      this.#watched = false;
      this.#tellDemand();
      this.#context.watched(this, false);
      whenUnwatched();
    });
  }

  /** A subscription goes from a view to another one of this topic. */
  moveView(from: View, to: View, viewer: Viewer): void {
    this.#add(to, viewer);
    this.leaveView(from, viewer);
  }

  #add(view: View, viewer: Viewer): void {
    view.viewers.add(viewer);
    if (view.viewers.size === 1 && this.#watched) this.#tellDemand();
  }

  /** A subscription goes away; a view without any is let go. */
  leaveView(view: View, viewer: Viewer): void {
    view.viewers.delete(viewer);
    if (view.viewers.size > 0) return;
    this.#context.left(view);
    const views = this.#views.get(view.encoding);
    // It may have been let go already, and another one have its key.
    if (views?.get(view.options.key) === view) views.delete(view.options.key);
    if (views?.size === 0) this.#views.delete(view.encoding);
    // The last one's pace stays for the linger time: whoever comes back finds the source as it was.
    if (this.#views.size > 0) this.#tellDemand();
    if (this.#roster && !this.#someViewTells()) this.#dropRoster();
  }

  /** Who follows it now. */
  presence(): Presence {
    return (this.#roster ?? this.#countMembers()).read();
  }

  /** Gives the topic to a source, which hears at once if somebody watches already. */
  attach(feeder: Feeder): void {
    this.feeder = feeder;
    this.#told = undefined;
    if (this.#watched) this.#tellDemand();
    this.#begin();
  }

  /** Its source gives it up; what it holds stays. */
  detach(): void {
    this.feeder = undefined;
    this.claims--;
    // With nothing published it is only a name again, and begins once more for those who wait for it.
    if (this.log.head === 0) this.#began = false;
  }

  /** Ends every subscription, so that its client subscribes again and learns what the topic is now. */
  endSubscriptions(reason: string): void {
    for (const view of this.#allViews()) view.end(SUBSCRIBE_AGAIN, reason);
  }

  /** True once it is not the topic of its name any more. */
  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    this.#disposed = true;
    if (this.#watched) this.#context.watched(this, false);
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    this.#dropRoster();
    this.feeder = undefined;
  }

  /** Tells the source what those who watch want, when that is something else than before. */
  #tellDemand(): void {
    if (this.feeder === undefined) return;
    const demand = this.#demand();
    const told = this.#told;
    if (told?.watched === demand.watched && told.fastestMs === demand.fastestMs && told.unpaced === demand.unpaced) {
      return;
    }
    this.#told = demand;
    this.feeder.demand(demand);
  }

  #demand(): Demand {
    let fastestMs = Number.POSITIVE_INFINITY;
    let unpaced = false;
    for (const { options, viewers } of this.#allViews()) {
      if (viewers.size === 0) continue;
      if (options.periodMs > 0) fastestMs = Math.min(fastestMs, options.periodMs);
      else unpaced = true;
    }
    return { watched: this.#watched, unpaced, ...(Number.isFinite(fastestMs) ? { fastestMs } : {}) };
  }

  #takeInKept(): void {
    const { log, kind } = this;
    if (log.base) kind.load?.(log.base.json);
    for (let offset = log.first; offset <= log.head; offset++) {
      const publication = log.at(offset);
      if (!publication) continue;
      if (log.base && offset <= log.base.offset) kind.recall?.(publication);
      else kind.apply(publication);
    }
    const newest = log.at(log.head);
    if (newest) this.vitality.remember(newest.at, this.now() - newest.at);
  }

  #begin(): void {
    if (this.#began) return;
    this.#began = true;
    this.#context.began(this);
  }

  #notify(): void {
    for (const views of this.#views.values()) for (const view of views.values()) this.#context.changed(view);
  }

  #allViews(): View[] {
    return [...this.#views.values()].flatMap((views) => [...views.values()]);
  }

  #someViewTells(): boolean {
    return this.#allViews().some((view) => view.options.presence);
  }

  #countMembers(): Roster {
    const roster = new Roster(this.#context.limits.presenceMembers);
    const members: Member[] = this.#allViews().flatMap((view) => [...view.viewers].map((viewer) => viewer.member));
    for (const member of members) roster.enter(member);
    roster.settle();
    return roster;
  }

  /** Somebody came or went. Of a crowd it is told later, together with all others. */
  #rosterMoved(roster: Roster): void {
    const tell = () => {
      this.#cancelCrowdNews?.();
      this.#cancelCrowdNews = undefined;
      roster.settle();
      for (const view of this.#allViews()) if (view.options.presence) this.#context.changed(view);
    };
    if (!roster.crowded) tell();
    else this.#cancelCrowdNews ??= this.#context.clock.after(CROWD_NEWS_MS, tell);
  }

  #dropRoster(): void {
    this.#roster = undefined;
    this.#cancelCrowdNews?.();
    this.#cancelCrowdNews = undefined;
  }
}
