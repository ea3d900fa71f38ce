import type { Clock, JsonValue } from '@tidewall/base';
import type {
  Access,
  Action,
  Broker,
  Counter,
  Demand,
  Feed,
  FeedSettings,
  HistoryRequest,
  HubPort,
  Log,
  Meter,
  Outlet,
  Permission,
  Principal,
  PublishRequest,
  SomeTopicSettings,
  TopicSettings,
  TopicSnapshot,
  TopicSummary,
} from '@tidewall/contracts';
import {
  compilePattern,
  type HistoryPage,
  type Limits,
  type Position,
  type Presence,
  parseTopicName,
  TidewallError,
  type TopicName,
  type TopicPattern,
} from '@tidewall/protocol';
import { admit } from './admission.ts';
import { Cohorts } from './cohort.ts';
import { Flusher } from './flusher.ts';
import { readHistory } from './history.ts';
import type { PatternSubscription } from './pattern-subscription.ts';
import { PatternTree } from './pattern-tree.ts';
import { requirePermission } from './require-permission.ts';
import { selectionOf } from './selection.ts';
import { HubSession } from './session.ts';
import type { SessionContext } from './session-context.ts';
import type { Feeder, Topic } from './topic.ts';
import { feedSettings } from './topic-settings.ts';
import { Topics } from './topics.ts';
import type { View } from './view.ts';

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
/** Of these sweeps, those that look at whether everybody may still be there, too. */
const STANDING_EVERY = 4;

/** A hub over a broker; dispose it before the broker is closed. */
export function createHub(options: HubOptions): Hub {
  return new Hub(options);
}

/** Topics, sessions and what moves between them, in this process. */
export class Hub implements HubPort {
  readonly #options: HubOptions;
  readonly #topics: Topics;
  readonly #sessions = new Set<HubSession>();
  readonly #stalled = new Set<HubSession>();
  readonly #patterns = new PatternTree<PatternSubscription>();
  readonly #demands = new PatternTree<(topic: TopicName, watched: boolean) => void>();
  readonly #cohorts = new Cohorts();
  readonly #flusher: Flusher;
  readonly #sessionContext: SessionContext<HubSession>;
  readonly #published: Counter;
  readonly #repeated: Counter;
  readonly #refused: Counter;
  #numbers = 0;
  #cancelSweep: (() => void) | undefined;
  #sweeps = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    const { broker, clock, limits, meter, log } = options;
    this.#published = meter.counter('tidewall_publications_total', 'Publications that were kept');
    this.#repeated = meter.counter('tidewall_publications_repeated_total', 'Publications whose key was known already');
    this.#refused = meter.counter('tidewall_publications_refused_total', 'Publications that were refused', ['reason']);
    const delivered = meter.counter('tidewall_deliveries_total', 'Frames handed to sessions');
    meter.gauge('tidewall_sessions', 'Connected sessions', () => this.#sessions.size);
    meter.gauge('tidewall_sessions_stalled', 'Sessions that do not read fast enough', () => this.#stalled.size);
    meter.gauge('tidewall_cohorts', 'Sets of views whose sessions share their buffers', () => this.#cohorts.size);
    meter.gauge('tidewall_subscriptions', 'Subscriptions of all sessions', () => this.#sum((topic) => topic.watchers));
    meter.gauge('tidewall_views', 'Views, each encoded once', () => this.#sum((topic) => topic.viewCount));
    meter.gauge('tidewall_views_held', 'Views that their rate holds back', () => this.#flusher.held);
    meter.gauge('tidewall_patterns', 'Patterns that sessions follow', () => this.#patterns.size);
    meter.gauge('tidewall_topics', 'Topics that exist', () => this.#topics.size);
    meter.gauges('tidewall_topic_age_seconds', 'Age of the newest data, of topics with a cadence', ['topic'], () =>
      this.#ages(),
    );
    this.#flusher = new Flusher({
      clock,
      windowMs: limits.flushWindowMs,
      log,
      delivered: (frames) => delivered.add(frames),
    });
    const nextNumber = () => ++this.#numbers;
    this.#topics = new Topics({
      broker,
      limits,
      settingsOf: options.settingsOf,
      context: {
        clock,
        limits,
        nextViewNumber: nextNumber,
        changed: (view) => this.#flusher.changed(view),
        left: (view) => this.#flusher.left(view),
        watched: (topic, watched) => {
          for (const demand of this.#demands.match(topic.name)) demand(topic.name, watched);
        },
        began: (topic) => {
          for (const pattern of this.#patterns.match(topic.name)) pattern.found(topic);
        },
      },
    });
    this.#sessionContext = {
      limits,
      access: options.access,
      cohorts: this.#cohorts,
      monotonic: () => clock.monotonic(),
      openTopic: (name, kind) => this.#topics.open(name, { by: 'subscriber', kind }),
      matching: (pattern, passes) => this.#matching(pattern, passes),
      nextNumber,
      listen: (pattern) => this.#patterns.add(pattern.pattern, pattern),
      unlisten: (pattern) => this.#patterns.delete(pattern.pattern, pattern),
      unwatched: (topic) => this.#topics.maybeUnused(topic),
      alone: (session, alone) => {
        if (alone) this.#flusher.loners.add(session);
        else this.#flusher.loners.delete(session);
      },
      stalled: (session) => this.#stalled.add(session),
      unstalled: (session) => this.#stalled.delete(session),
      ended: (session) => {
        this.#sessions.delete(session);
        this.#stalled.delete(session);
      },
      failed: (failure, view) => this.#couldNotEncode(failure, view),
    };
    this.#scheduleSweep();
  }

  /** Opens what the broker has kept over a restart. Call it before anybody else uses the hub. */
  restore(): Promise<void> {
    return this.#topics.restore((topic, why) =>
      this.#options.log.warn({ topic }, `a kept topic was not restored: ${why}`),
    );
  }

  open(principal: Principal, outlet: Outlet, name?: string): HubSession {
    const { limits, random } = this.#options;
    if (this.#sessions.size >= limits.sessions) {
      throw new TidewallError('limit_exceeded', `this server takes ${limits.sessions} sessions (limits.sessions)`);
    }
    const id = Math.floor(random() * 2 ** 52).toString(36);
    const session = new HubSession(id, principal, outlet, name, this.#sessionContext);
    this.#sessions.add(session);
    return session;
  }

  async publish(principal: Principal, request: PublishRequest): Promise<Position> {
    try {
      const name = this.#topics.nameOf(request.topic) ?? parseTopicName(request.topic);
      this.#permission(principal, 'publish', name);
      const asker = { by: 'publisher', kind: request.kind } as const;
      return await this.#topics.use(name, asker, (topic) => this.#publishTo(topic, request));
    } catch (failure) {
      this.#refused.add(1, { reason: failure instanceof TidewallError ? failure.kind : 'internal' });
      throw failure;
    }
  }

  async history(principal: Principal, request: HistoryRequest): Promise<HistoryPage> {
    const name = parseTopicName(request.topic);
    const selection = selectionOf({}, this.#permission(principal, 'history', name));
    const topic = await this.#topics.existing(name);
    const { historyEntries, frameBytes } = this.#options.limits;
    return readHistory(topic, request, selection, { maxEntries: historyEntries, maxBytes: frameBytes / 2 });
  }

  async snapshot(principal: Principal, topicName: string): Promise<TopicSnapshot> {
    const checked = parseTopicName(topicName);
    const selection = selectionOf({}, this.#permission(principal, 'read', checked));
    const { name, settings, log, freshness, kind } = await this.#topics.existing(checked);
    const { epoch, head } = log;
    const json = kind.project({ selection, delta: false }).snapshot();
    return { topic: name, kind: settings.kind, epoch, offset: head, freshness, json };
  }

  /** What a topic holds now, for this process itself; undefined when there is none, or it holds nothing. */
  peek(name: string): JsonValue | undefined {
    const topic = this.#topics.find(name);
    return topic && heldBy(topic);
  }

  async presence(principal: Principal, topicName: string): Promise<Presence> {
    const name = parseTopicName(topicName);
    this.#permission(principal, 'presence', name);
    return (await this.#topics.existing(name)).presence();
  }

  topics(principal: Principal): readonly TopicSummary[] {
    const now = this.#options.clock.monotonic();
    const rows: TopicSummary[] = [];
    for (const { name, settings, log, rate, watchers, freshness, feeder } of this.#topics) {
      if (!this.#options.access.permit(principal, 'read', name)) continue;
      const position = { epoch: log.epoch, offset: log.head };
      const keyField = settings.kind === 'table' && { keyField: settings.keyField };
      const summary = { topic: name, kind: settings.kind, ...keyField, ...position, rateHz: rate.read(now) };
      rows.push({ ...summary, watchers, freshness, ...(feeder && { source: feeder.source }) });
    }
    return rows;
  }

  async feed(name: TopicName, source: string, said: FeedSettings, demand: (demand: Demand) => void): Promise<Feed> {
    // A source that takes a topic because somebody watches it is told so while that client is being answered: the answer
    // comes before whatever the topic becomes.
    await Promise.resolve();
    const complete = feedSettings(said, this.#options.settingsOf(name));
    let topic: Topic;
    do topic = await this.#topics.open(name, { by: 'publisher', settings: complete });
    while (topic.disposed);
    const conflict = conflictOf(topic, complete);
    if (conflict !== undefined) {
      topic.claims--;
      throw new TidewallError('conflict', conflict);
    }
    topic.settle(complete);
    const feeder: Feeder = { source, said, demand };
    topic.attach(feeder);
    return {
      publish: async (op, data, at) => {
        if (topic.feeder !== feeder) throw new TidewallError('conflict', `"${source}" has given ${name} up`);
        await this.#publishTo(topic, { topic: name, op, data, at }, feeder);
      },
      fail: (reason) => {
        if (topic.feeder === feeder) topic.report(reason);
      },
      healthy: () => {
        if (topic.feeder === feeder) topic.report(undefined);
      },
      expect: (everyMs) => {
        // As it is configured now, which may be otherwise than when the topic was claimed.
        const { expectEveryMs } = feedSettings(said, this.#options.settingsOf(name));
        if (topic.feeder === feeder && expectEveryMs === undefined) topic.expect(everyMs);
      },
      held: () => heldBy(topic),
      dispose: () => {
        if (topic.feeder !== feeder) return;
        topic.detach();
        this.#topics.maybeUnused(topic);
      },
    };
  }

  onDemand(pattern: TopicPattern, demand: (topic: TopicName, watched: boolean) => void): () => void {
    this.#demands.add(pattern, demand);
    const matches = compilePattern(pattern);
    for (const { name, watched } of [...this.#topics]) if (watched && matches(name)) demand(name, true);
    return () => this.#demands.delete(pattern, demand);
  }

  reconfigure(): Promise<void> {
    return this.#topics.reconfigure();
  }

  async forget(principal: Principal, topicName: string): Promise<void> {
    const name = parseTopicName(topicName);
    this.#permission(principal, 'publish', name);
    const topic = await this.#topics.existing(name);
    if (topic.feeder) {
      const message = `${name} is fed by the source "${topic.feeder.source}"; take the source away first`;
      throw new TidewallError('conflict', message);
    }
    this.#topics.drop(topic, `${name} was deleted`);
  }

  /** Ends every session, without a word to its client, and stops every timer. */
  dispose(): void {
    this.#cancelSweep?.();
    for (const session of [...this.#sessions]) session.end();
    this.#flusher.dispose();
    this.#topics.dispose();
  }

  /** @param by the source that feeds the topic; everybody else has claimed it for this publication */
  async #publishTo(topic: Topic, request: PublishRequest, by?: Feeder): Promise<Position> {
    try {
      if (!by) refuseUnlessOpen(topic);
      let made = request.key === undefined;
      const make = () => {
        made = true;
        return this.#make(topic, request);
      };
      const position = await (request.key === undefined ? make() : topic.keys.once(request.key, make));
      (made ? this.#published : this.#repeated).add(1);
      return position;
    } catch (failure) {
      if (!by) topic.claims--;
      this.#topics.maybeUnused(topic);
      throw failure;
    }
  }

  #make(topic: Topic, request: PublishRequest): Promise<Position> {
    const { broker, limits, clock } = this.#options;
    return broker.publish(topic.name, admit(topic, request, limits.publicationBytes, clock.now()));
  }

  *#matching(pattern: TopicPattern, passes: (topic: Topic) => boolean): Iterable<Topic> {
    const matches = compilePattern(pattern);
    for (const topic of this.#topics) if (topic.exists && matches(topic.name) && passes(topic)) yield topic;
  }

  #permission(principal: Principal, action: Action, name: TopicName): Permission {
    return requirePermission(this.#options.access, principal, action, name);
  }

  #couldNotEncode(failure: unknown, { topic, encoding }: View): void {
    this.#options.log.error({ err: failure, topic: topic.name, wire: encoding.name }, 'a frame could not be made');
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      // First: whatever fails in one sweep, there is a next one.
      this.#scheduleSweep();
      for (const topic of this.#topics) if (topic.watchers > 0) topic.checkFreshness();
      for (const session of this.#stalled) session.checkProgress();
      if (++this.#sweeps % STANDING_EVERY === 0) for (const session of this.#sessions) session.checkStanding();
      this.#topics.sweep();
    });
  }

  #sum(count: (topic: Topic) => number): number {
    let sum = 0;
    for (const topic of this.#topics) sum += count(topic);
    return sum;
  }

  *#ages(): Iterable<[{ topic: string }, number]> {
    for (const { name, overdueMs } of this.#topics) {
      if (overdueMs !== undefined) yield [{ topic: name }, overdueMs / 1000];
    }
  }
}

function heldBy({ kind }: Topic): JsonValue | undefined {
  const json = kind.project({ selection: undefined, delta: false }).snapshot();
  return json === undefined ? undefined : (JSON.parse(json) as JsonValue);
}

function conflictOf({ name, feeder, settings }: Topic, said: TopicSettings): string | undefined {
  if (feeder) return `${name} is fed by the source "${feeder.source}" already`;
  if (settings.kind === said.kind && settings.keyField === said.keyField) return undefined;
  return `${name} holds a ${settings.kind} that others published, not a ${said.kind}`;
}

function refuseUnlessOpen({ name, feeder, settings }: Topic): void {
  if (feeder) throw new TidewallError('permission_denied', `${name} is fed by the source "${feeder.source}" alone`);
  if (!settings.readOnly) return;
  throw new TidewallError('permission_denied', `${name} takes no publications: it is configured to be readOnly`);
}
