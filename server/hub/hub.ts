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
  type HistoryPage,
  type Limits,
  type Position,
  type Presence,
  parseTopicName,
  TidewallError,
  type TopicKind,
  type TopicName,
} from '@tidewall/protocol';
import { admit } from './admission.ts';
import { Flusher } from './flusher.ts';
import { readHistory } from './history.ts';
import { HubSession, type SessionContext } from './session.ts';
import { type Feeder, Topic, type TopicContext } from './topic.ts';
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
      limits,
      nextViewNumber: () => ++this.#views,
      changed: (view) => this.#flusher.changed(view),
    };
    this.#sessionContext = {
      limits,
      access: options.access,
      monotonic: () => clock.monotonic(),
      openTopic: (name, kind) => this.#open(name, { by: 'subscriber', kind }),
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

  async presence(principal: Principal, topicName: string): Promise<Presence> {
    const topic = await this.#existing(principal, 'presence', topicName);
    return { count: topic.watchers };
  }

  async reconfigure(): Promise<void> {}

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
      const topic = await this.#open(name, { by: 'publisher', kind: request.kind });
      if (topic.feeder) {
        throw new TidewallError('permission_denied', `${name} is fed by the source "${topic.feeder.source}" alone`);
      }
      return await this.#publishTo(topic, request);
    } catch (failure) {
      this.#refused.add(1, { reason: failure instanceof TidewallError ? failure.kind : 'internal' });
      throw failure;
    }
  }

  async history(principal: Principal, request: HistoryRequest): Promise<HistoryPage> {
    const topic = await this.#existing(principal, 'history', request.topic);
    const { historyEntries, frameBytes } = this.#options.limits;
    return readHistory(topic, request, { maxEntries: historyEntries, maxBytes: frameBytes / 2 });
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
      if (!this.#options.access.permit(principal, 'read', name)) continue;
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
    const topic = await this.#open(name, { by: 'publisher', settings: complete });
    if (topic.feeder) {
      throw new TidewallError('conflict', `${name} is fed by the source "${topic.feeder.source}" already`);
    }
    const { kind, keyField } = topic.settings;
    if (kind !== complete.kind || keyField !== complete.keyField) {
      throw new TidewallError('conflict', `${name} holds a ${kind} that others published, not a ${complete.kind}`);
    }
    const feeder: Feeder = { source, demand };
    topic.attach(feeder);
    return {
      publish: async (op, data, at) => {
        if (topic.feeder !== feeder) throw new TidewallError('conflict', `"${source}" has given ${name} up`);
        await this.#publishTo(topic, { topic: name, op, data, at });
      },
      fail: (reason) => {
        if (topic.feeder === feeder) topic.report(reason);
      },
      healthy: () => {
        if (topic.feeder === feeder) topic.report(undefined);
      },
      dispose: () => {
        if (topic.feeder !== feeder) return;
        topic.feeder = undefined;
        topic.claimed = false;
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
      if (!topic.feeder) topic.claimed = false;
      this.#maybeUnused.add(topic);
      throw failure;
    }
  }

  /**
   * The topic, opened if need be. One that nobody has published to yet becomes what its publisher takes it to be, or
   * its subscriber when nobody has said so far; its subscriptions end, and their clients ask again. A subscriber must
   * not unsettle another one, or two that disagree would go on for ever.
   *
   * What this resolves with may be disposed by then: ask again.
   */
  async #open(name: TopicName, asker: Asker): Promise<Topic> {
    const { by, kind } = asker;
    let topic = this.#topics.get(name) ?? (await this.#opened(name, asker));
    const mayChange = topic.unsettled && (by === 'publisher' || topic.guessed);
    const wanted = this.#settingsFor(name, asker);
    if (mayChange && !wanted.guessed && differs(topic.settings, wanted.settings)) {
      this.#forget(topic);
      topic.endSubscriptions(`${name} is a ${wanted.settings.kind} now`);
      topic = await this.#opened(name, asker);
    }
    if (kind !== undefined && topic.settings.kind !== kind) {
      this.#maybeUnused.add(topic);
      throw new TidewallError('wrong_kind', `${name} is a ${topic.settings.kind}, not a ${kind}`, {
        detail: { kind: topic.settings.kind },
      });
    }
    // From here on it stays what it is: otherwise two publishers that disagree would take it from each other for ever.
    if (by === 'publisher') topic.claimed = true;
    return topic;
  }

  #settingsFor(name: TopicName, { kind, settings }: Asker): { settings: TopicSettings; guessed: boolean } {
    if (settings) return { settings, guessed: false };
    const configured = this.#options.settingsOf(name);
    return {
      settings: completeSettings(configured, kind),
      guessed: configured?.kind === undefined && kind === undefined,
    };
  }

  #opened(name: TopicName, asker: Asker): Promise<Topic> {
    const underWay = this.#opening.get(name);
    if (underWay) return underWay;
    const { limits } = this.#options;
    if (this.#topics.size + this.#opening.size >= limits.topics) {
      const message = `no room for the topic ${name}: there are ${limits.topics} already (limits.topics)`;
      throw new TidewallError('limit_exceeded', message);
    }
    const opening = this.#follow(name, asker);
    this.#opening.set(name, opening);
    const done = () => this.#opening.delete(name);
    opening.then(done, done);
    return opening;
  }

  async #follow(name: TopicName, asker: Asker): Promise<Topic> {
    const { settings, guessed } = this.#settingsFor(name, asker);
    let topic: Topic | undefined;
    const log = await this.#options.broker.follow(name, {
      keep: settings.keep,
      retain: settings.retain,
      about: JSON.stringify({ kind: settings.kind, keyField: settings.keyField }),
      received: (publication) => topic?.receive(publication),
      snapshot: () => topic?.kind.snapshot(),
    });
    topic = new Topic(name, settings, guessed, log, this.#topicContext);
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
    if (this.#options.access.permit(principal, action, name)) return;
    throw new TidewallError('permission_denied', `${principal.id} may not ${action} ${name}`);
  }

  #forgetUnused(): void {
    for (const topic of this.#maybeUnused) if (topic.unused && !topic.disposed) this.#forget(topic);
    this.#maybeUnused.clear();
  }

  #forget(topic: Topic): void {
    this.#topics.delete(topic.name);
    topic.dispose();
    this.#options.broker.unfollow(topic.name);
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
    for (const { name, overdueMs } of this.#topics.values()) {
      if (overdueMs !== undefined) yield [{ topic: name }, overdueMs / 1000];
    }
  }
}

/** Who wants a topic opened, and what they say of it. */
interface Asker {
  readonly by: 'publisher' | 'subscriber';
  readonly kind?: TopicKind | undefined;
  /** All of them, by a source. */
  readonly settings?: TopicSettings;
}

function differs(a: TopicSettings, b: TopicSettings): boolean {
  return a.kind !== b.kind || a.keyField !== b.keyField || a.expectEveryMs !== b.expectEveryMs;
}
