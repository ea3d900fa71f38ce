import type { Clock } from '@tidewall/base';
import type {
  Access,
  Action,
  Broker,
  Counter,
  Feed,
  FeedSettings,
  HistoryRequest,
  HubPort,
  Log,
  Meter,
  Outlet,
  Principal,
  PublishRequest,
  SomeTopicSettings,
  TopicSettings,
  TopicSnapshot,
  TopicSummary,
} from '@tidewall/contracts';
import {
  type HistoryReply,
  type Limits,
  type Position,
  parseTopicName,
  TidewallError,
  type TopicKind,
  type TopicName,
} from '@tidewall/protocol';
import { admit } from './admission.ts';
import { Flusher } from './flusher.ts';
import { readHistory } from './history.ts';
import { HubSession, type SessionContext } from './session.ts';
import { Topic, type TopicContext } from './topic.ts';
import { completeSettings, feedSettings } from './topic-settings.ts';

export interface HubOptions {
  readonly broker: Broker;
  readonly access: Access;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly meter: Meter;
  readonly log: Log;
  /** A number in [0, 1). */
  random(): number;
  /** What the configuration says of a topic; undefined when nothing. */
  settingsOf(topic: TopicName): SomeTopicSettings | undefined;
}

/** How often freshness and stalled sessions are looked at. */
const SWEEP_MS = 250;

/** A hub over a broker; dispose it before the broker is closed. */
export function createHub(options: HubOptions): Hub {
  return new Hub(options);
}

/** Topics, sessions and what moves between them, in this process. */
export class Hub implements HubPort {
  readonly #options: HubOptions;
  readonly #topics = new Map<TopicName, Topic>();
  /** Topics that the broker is opening: whoever asks meanwhile waits for the same one. */
  readonly #opening = new Map<TopicName, Promise<Topic>>();
  readonly #sessions = new Set<HubSession>();
  readonly #stalled = new Set<HubSession>();
  readonly #flusher: Flusher;
  readonly #topicContext: TopicContext;
  readonly #sessionContext: SessionContext;
  readonly #published: Counter;
  readonly #refused: Counter;
  /** Topics to forget at the next sweep if they are still unused then; never at once, as somebody may be joining. */
  readonly #maybeUnused = new Set<Topic>();
  #views = 0;
  #cancelSweep: (() => void) | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    const { clock, limits, meter } = options;
    this.#published = meter.counter('tidewall_publications_total', 'Publications that were kept');
    this.#refused = meter.counter('tidewall_publications_refused_total', 'Publications that were refused', ['reason']);
    const delivered = meter.counter('tidewall_deliveries_total', 'Frames handed to sessions');
    meter.gauge('tidewall_sessions', 'Connected sessions', () => this.#sessions.size);
    meter.gauge('tidewall_sessions_stalled', 'Sessions that do not read fast enough', () => this.#stalled.size);
    meter.gauge('tidewall_topics', 'Topics that exist', () => this.#topics.size);
    meter.gauges('tidewall_topic_age_seconds', 'Age of the newest data, of topics with a cadence', ['topic'], () =>
      this.#ages(),
    );
    this.#flusher = new Flusher({
      clock,
      windowMs: limits.flushWindowMs,
      log: options.log,
      delivered: (frames) => delivered.add(frames),
    });
    this.#topicContext = {
      clock,
      lingerMs: limits.lingerMs,
      maxBytes: limits.publicationBytes,
      nextViewNumber: () => ++this.#views,
      changed: (view) => this.#flusher.changed(view),
    };
    this.#sessionContext = {
      limits,
      access: options.access,
      monotonic: () => clock.monotonic(),
      openTopic: (name, kind) => this.#open(name, kind),
      unwatched: (topic) => this.#maybeUnused.add(topic),
      stalled: (session) => this.#stalled.add(session),
      unstalled: (session) => this.#stalled.delete(session),
      ended: (session) => {
        this.#sessions.delete(session);
        this.#stalled.delete(session);
      },
    };
    this.#scheduleSweep();
  }

  open(principal: Principal, outlet: Outlet): HubSession {
    const { limits, random } = this.#options;
    if (this.#sessions.size >= limits.sessions) {
      throw new TidewallError('limit_exceeded', `this server takes ${limits.sessions} sessions (limits.sessions)`);
    }
    const id = Math.floor(random() * 2 ** 52).toString(36);
    const session = new HubSession(id, principal, outlet, this.#sessionContext);
    this.#sessions.add(session);
    return session;
  }

  async publish(principal: Principal, request: PublishRequest): Promise<Position> {
    try {
      const name = parseTopicName(request.topic);
      this.#require(principal, 'publish', name);
      const topic = await this.#open(name, request.kind);
      if (topic.feeder) {
        throw new TidewallError('permission_denied', `${name} is fed by the source "${topic.feeder.source}" alone`);
      }
      return await this.#publishTo(topic, request);
    } catch (failure) {
      this.#refused.add(1, { reason: failure instanceof TidewallError ? failure.kind : 'internal' });
      throw failure;
    }
  }

  async history(principal: Principal, request: HistoryRequest): Promise<HistoryReply> {
    const topic = await this.#existing(principal, 'history', request.topic);
    return readHistory(topic, request, this.#options.limits.historyEntries);
  }

  async snapshot(principal: Principal, topicName: string): Promise<TopicSnapshot> {
    const { name, settings, log, freshness, kind } = await this.#existing(principal, 'read', topicName);
    const { epoch, head } = log;
    return { topic: name, kind: settings.kind, epoch, offset: head, freshness, json: kind.snapshot() };
  }

  topics(principal: Principal): readonly TopicSummary[] {
    const now = this.#options.clock.monotonic();
    const rows: TopicSummary[] = [];
    for (const { name, settings, log, rate, watchers, freshness, feeder } of this.#topics.values()) {
      if (!this.#options.access.may(principal, 'read', name)) continue;
      const position = { epoch: log.epoch, offset: log.head };
      const summary = { topic: name, kind: settings.kind, ...position, rateHz: rate.read(now), watchers, freshness };
      rows.push(feeder ? { ...summary, source: feeder.source } : summary);
    }
    return rows;
  }

  async feed(
    name: TopicName,
    source: string,
    settings: FeedSettings,
    demand: (watched: boolean) => void,
  ): Promise<Feed> {
    const complete = feedSettings(settings, this.#options.settingsOf(name));
    const topic = await this.#open(name, settings.kind, complete);
    if (topic.feeder) {
      throw new TidewallError('conflict', `${name} is fed by the source "${topic.feeder.source}" already`);
    }
    topic.attach({ source, demand });
    return {
      publish: async (op, data, at) => {
        await this.#publishTo(topic, { topic: name, op, data, at });
      },
      fail: (reason) => topic.report(reason),
      healthy: () => topic.report(undefined),
      dispose: () => {
        topic.feeder = undefined;
        this.#maybeUnused.add(topic);
      },
    };
  }

  /** Ends every session, without a word to its client, and stops every timer. */
  dispose(): void {
    this.#cancelSweep?.();
    for (const session of [...this.#sessions]) session.end();
    this.#flusher.dispose();
    for (const topic of this.#topics.values()) {
      topic.dispose();
      this.#options.broker.unfollow(topic.name);
    }
    this.#topics.clear();
  }

  async #publishTo(topic: Topic, request: PublishRequest): Promise<Position> {
    const { broker, limits, clock } = this.#options;
    try {
      const position = await broker.publish(topic.name, admit(topic, request, limits.publicationBytes, clock.now()));
      this.#published.add(1);
      return position;
    } catch (failure) {
      this.#maybeUnused.add(topic);
      throw failure;
    }
  }

  /** The topic, opened if need be. @param kind what the asker takes it to be */
  async #open(name: TopicName, kind: TopicKind | undefined, settings?: TopicSettings): Promise<Topic> {
    const topic = this.#topics.get(name) ?? (await this.#opened(name, kind, settings));
    if (kind !== undefined && topic.settings.kind !== kind) {
      throw new TidewallError('wrong_kind', `${name} is a ${topic.settings.kind}, not a ${kind}`, {
        detail: { kind: topic.settings.kind },
      });
    }
    return topic;
  }

  #opened(name: TopicName, kind: TopicKind | undefined, settings: TopicSettings | undefined): Promise<Topic> {
    const underWay = this.#opening.get(name);
    if (underWay) return underWay;
    const { limits, settingsOf } = this.#options;
    if (this.#topics.size + this.#opening.size >= limits.topics) {
      const message = `no room for the topic ${name}: there are ${limits.topics} already (limits.topics)`;
      throw new TidewallError('limit_exceeded', message);
    }
    const opening = this.#follow(name, settings ?? completeSettings(settingsOf(name), kind));
    this.#opening.set(name, opening);
    const done = () => this.#opening.delete(name);
    opening.then(done, done);
    return opening;
  }

  async #follow(name: TopicName, settings: TopicSettings): Promise<Topic> {
    let topic: Topic | undefined;
    const log = await this.#options.broker.follow(name, settings.keep, (publication) => topic?.receive(publication));
    topic = new Topic(name, settings, log, this.#topicContext);
    for (let offset = log.first; offset <= log.head; offset++) {
      const publication = log.at(offset);
      if (publication) topic.kind.apply(publication);
    }
    this.#topics.set(name, topic);
    return topic;
  }

  async #existing(principal: Principal, action: Action, topicName: string): Promise<Topic> {
    const name = parseTopicName(topicName);
    this.#require(principal, action, name);
    const topic = this.#topics.get(name) ?? (await this.#opening.get(name));
    if (!topic || (topic.log.head === 0 && !topic.feeder)) {
      throw new TidewallError('unknown_topic', `nothing has been published to ${name}, and no source feeds it`);
    }
    return topic;
  }

  #require(principal: Principal, action: Action, name: TopicName): void {
    if (this.#options.access.may(principal, action, name)) return;
    throw new TidewallError('permission_denied', `${principal.id} may not ${action} ${name}`);
  }

  #forgetUnused(): void {
    for (const topic of this.#maybeUnused) {
      if (!topic.unused || this.#topics.get(topic.name) !== topic) continue;
      this.#topics.delete(topic.name);
      topic.dispose();
      this.#options.broker.unfollow(topic.name);
    }
    this.#maybeUnused.clear();
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      for (const topic of this.#topics.values()) if (topic.watchers > 0) topic.checkFreshness();
      for (const session of this.#stalled) session.checkProgress();
      this.#forgetUnused();
      this.#scheduleSweep();
    });
  }

  *#ages(): Iterable<[{ topic: string }, number]> {
    const now = this.#options.clock.now();
    for (const { name, settings, freshness } of this.#topics.values()) {
      if (settings.expectEveryMs !== undefined && freshness.asOf > 0) {
        yield [{ topic: name }, (now - freshness.asOf) / 1000];
      }
    }
  }
}
