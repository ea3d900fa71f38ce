import { isJsonObject, parseJson } from '@tidewall/base';
import type { Broker, SomeTopicSettings, TopicSettings } from '@tidewall/contracts';
import { KINDS, type Limits, TidewallError, type TopicKind, type TopicName } from '@tidewall/protocol';
import { Topic, type TopicContext } from './topic.ts';
import { completeSettings, feedSettings } from './topic-settings.ts';

/** Who wants a topic opened, and what they say of it. */
export interface Asker {
  readonly by: 'publisher' | 'subscriber';
  readonly kind?: TopicKind | undefined;
  /** All of them, by a source. */
  readonly settings?: TopicSettings;
}

export interface TopicsOptions {
  readonly broker: Broker;
  readonly limits: Limits;
  readonly context: TopicContext;
  settingsOf(topic: TopicName): SomeTopicSettings | undefined;
}

/** The topics of this process, each open once. */
export class Topics implements Iterable<Topic> {
  readonly #options: TopicsOptions;
  readonly #topics = new Map<TopicName, Topic>();
  /** Topics that the broker is opening: whoever asks meanwhile waits for the same one. */
  readonly #opening = new Map<TopicName, Promise<Topic>>();
  /** Until the last of those who wait for a topic has had its turn, so that nobody who comes later overtakes them. */
  readonly #waiting = new Map<TopicName, Promise<void>>();
  /** Topics to let go at the next sweep if they are still unused then; never at once, as somebody may be joining. */
  readonly #maybeUnused = new Set<Topic>();

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#topics.size;
  }

  [Symbol.iterator](): Iterator<Topic> {
    return this.#topics.values();
  }

  /** The topic of that name when it is open; undefined when it is not, or is only being opened. */
  find(name: string): Topic | undefined {
    return this.#topics.get(name as TopicName);
  }

  /** The same text, if there is a topic of that name: then it is known to be one. */
  nameOf(text: string): TopicName | undefined {
    return this.#topics.has(text as TopicName) ? (text as TopicName) : undefined;
  }

  /** The topic, if something was published to it or a source feeds it. */
  async existing(name: TopicName): Promise<Topic> {
    const topic = this.#topics.get(name) ?? (await this.#opening.get(name));
    if (topic?.exists) return topic;
    throw new TidewallError('unknown_topic', `nothing has been published to ${name}, and no source feeds it`);
  }

  /**
   * Does something with a topic, opened if need be. What is asked for one after another is done one after another: at
   * once where that is possible, and never before what still waits for the topic to open.
   */
  use<T>(name: TopicName, asker: Asker, act: (topic: Topic) => Promise<T>): Promise<T> {
    const topic = this.#waiting.has(name) ? undefined : this.#ready(name, asker);
    return topic ? act(topic) : this.#whenOpen(name, asker, act);
  }

  /**
   * The topic, opened if need be. One that nobody has published to yet becomes what its publisher takes it to be, or
   * its subscriber when nobody has said so far; its subscriptions end, and their clients ask again. A subscriber must
   * not unsettle another one, or two that disagree would go on for ever.
   *
   * What this resolves with may be disposed by then: ask again.
   */
  async open(name: TopicName, asker: Asker): Promise<Topic> {
    const { by, kind } = asker;
    let topic = this.#topics.get(name) ?? (await this.#opened(name, asker));
    const changed = this.#changedSettings(topic, asker);
    if (changed) {
      this.#close(topic);
      topic.endSubscriptions(`${name} is a ${changed.kind} now`);
      topic = await this.#opened(name, asker);
    }
    if (kind !== undefined && topic.settings.kind !== kind) {
      this.#maybeUnused.add(topic);
      throw new TidewallError('wrong_kind', `${name} is a ${topic.settings.kind}, not a ${kind}`, {
        detail: { kind: topic.settings.kind },
      });
    }
    // From here on it stays what it is: otherwise two publishers that disagree would take it from each other for ever.
    if (by === 'publisher') topic.claims++;
    return topic;
  }

  /** Opens every topic of which the broker has kept something, as it was, or as it is configured now. */
  async restore(skipped: (name: TopicName, why: string) => void): Promise<void> {
    const { broker, settingsOf } = this.#options;
    // Also more than `limits.topics`: what was kept under a higher limit is not lost to a lower one.
    for (const { topic: name, about } of [...broker.kept()]) {
      const said = parseAbout(about);
      const configured = settingsOf(name);
      const { kind = said?.kind, keyField = said?.keyField } = configured ?? {};
      if (!said || kind !== said.kind || keyField !== said.keyField) {
        skipped(
          name,
          said
            ? `it was a ${said.kind} by ${said.keyField} and is configured to be another`
            : 'what it was is not known',
        );
        broker.forget(name);
        continue;
      }
      await this.#follow(name, { settings: completeSettings({ ...configured, ...said }), guessed: false });
    }
  }

  /** Every topic takes its settings anew; see `HubPort.reconfigure`. */
  async reconfigure(): Promise<void> {
    // One that cannot be opened is told to who asked for it, and keeps the settings from no other.
    await Promise.allSettled(this.#opening.values());
    for (const topic of [...this.#topics.values()]) {
      const configured = this.#options.settingsOf(topic.name);
      const { kind, keyField } = topic.settings;
      const settings = topic.feeder
        ? feedSettings(topic.feeder.said, configured)
        : completeSettings({ ...configured, keyField: configured?.keyField ?? keyField }, kind);
      if (settings.kind === kind && settings.keyField === keyField) topic.settle(settings);
      else this.drop(topic, `${topic.name} is a ${settings.kind} now`);
    }
  }

  /** Lets a topic go with all that is kept of it; its subscribers ask again. */
  drop(topic: Topic, reason: string): void {
    this.#topics.delete(topic.name);
    this.#options.broker.forget(topic.name);
    topic.endSubscriptions(reason);
    topic.dispose();
  }

  /** Nobody needs this topic any more, perhaps. */
  maybeUnused(topic: Topic): void {
    this.#maybeUnused.add(topic);
  }

  /** Lets go of the topics that turned out to be needed by nobody. */
  sweep(): void {
    for (const topic of this.#maybeUnused) if (topic.unused && !topic.disposed) this.#close(topic);
    this.#maybeUnused.clear();
  }

  dispose(): void {
    for (const topic of this.#topics.values()) {
      // What it holds is asked for once more when it is unfollowed.
      this.#options.broker.unfollow(topic.name);
      topic.dispose();
    }
    this.#topics.clear();
  }

  /** Acts when those before have acted, and the topic is open. */
  #whenOpen<T>(name: TopicName, asker: Asker, act: (topic: Topic) => Promise<T>): Promise<T> {
    const turn = (this.#waiting.get(name) ?? Promise.resolve()).then(() => this.#actOnOpen(name, asker, act));
    const over = turn.then(ignore, ignore);
    this.#waiting.set(name, over);
    void over.then(() => {
      if (this.#waiting.get(name) === over) this.#waiting.delete(name);
    });
    return turn.then(({ acted }) => acted);
  }

  /** Resolves when it has begun to act, which is in the very turn in which the topic was found to be that of the name. */
  async #actOnOpen<T>(
    name: TopicName,
    asker: Asker,
    act: (topic: Topic) => Promise<T>,
  ): Promise<{ acted: Promise<T> }> {
    let topic: Topic;
    do topic = await this.open(name, asker);
    while (topic.disposed);
    return { acted: act(topic) };
  }

  /** The topic if it is open and its asker may have it as it is, which is nearly always. */
  #ready(name: TopicName, asker: Asker): Topic | undefined {
    const topic = this.#topics.get(name);
    if (!topic || (asker.kind !== undefined && asker.kind !== topic.settings.kind)) return undefined;
    if (topic.unsettled && this.#changedSettings(topic, asker)) return undefined;
    if (asker.by === 'publisher') topic.claims++;
    return topic;
  }

  /** What an unsettled topic becomes for this asker; undefined: it stays what it is. */
  #changedSettings(topic: Topic, asker: Asker): TopicSettings | undefined {
    if (!topic.unsettled || (asker.by === 'subscriber' && !topic.guessed)) return undefined;
    const { settings, guessed } = this.#settingsFor(topic.name, asker);
    return !guessed && differs(topic.settings, settings) ? settings : undefined;
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
    const opening = this.#follow(name, this.#settingsFor(name, asker));
    this.#opening.set(name, opening);
    const done = () => this.#opening.delete(name);
    opening.then(done, done);
    return opening;
  }

  async #follow(
    name: TopicName,
    { settings, guessed }: { readonly settings: TopicSettings; readonly guessed: boolean },
  ): Promise<Topic> {
    let topic: Topic | undefined;
    const now = () => topic?.settings ?? settings;
    const log = await this.#options.broker.follow(name, {
      get keep() {
        return now().keep;
      },
      // A signal is over when it has been heard.
      get retain() {
        return now().retain && now().kind !== 'signal';
      },
      get about() {
        return JSON.stringify({ kind: now().kind, keyField: now().keyField });
      },
      received: (publication) => topic?.receive(publication),
      snapshot: () => topic?.kind.base(),
    });
    topic = new Topic(name, settings, guessed, log, this.#options.context);
    this.#topics.set(name, topic);
    return topic;
  }

  #close(topic: Topic): void {
    this.#topics.delete(topic.name);
    this.#options.broker.unfollow(topic.name);
    topic.dispose();
  }
}

function ignore(): void {}

function differs(a: TopicSettings, b: TopicSettings): boolean {
  return a.kind !== b.kind || a.keyField !== b.keyField || a.expectEveryMs !== b.expectEveryMs;
}

/** What this hub, or an older one, has said of a topic to its broker. */
function parseAbout(about: string): { readonly kind: TopicKind; readonly keyField: string } | undefined {
  try {
    const said = parseJson(about);
    if (!isJsonObject(said)) return undefined;
    const kind = KINDS.find((one) => one === said['kind']);
    const keyField = said['keyField'];
    return kind && typeof keyField === 'string' ? { kind, keyField } : undefined;
  } catch {
    return undefined;
  }
}
