import type { Demand, Feed, HubPort, Log, SourceFamily } from '@tidewall/contracts';
import { matchesPattern, TidewallError, type TopicName } from '@tidewall/protocol';
import type { Delivery } from './delivery.ts';
import { reasonOf } from './reason.ts';

/** A topic of a family, and the way to it. */
export interface FamilyTopic {
  readonly feed: Feed;
  readonly delivery: Delivery;
}

export interface FamiliesOptions {
  readonly hub: Pick<HubPort, 'feed' | 'onDemand'>;
  readonly log: Log;
  /** The source's. */
  readonly name: string;
  readonly families: readonly SourceFamily[];
  createDelivery(topic: TopicName, family: SourceFamily): Delivery;
  /** What those who watch a topic want. */
  demand(topic: TopicName, demand: Demand): void;
  /** A topic is the source's from now on; the reason is for a source that has failed. */
  claimed(topic: TopicName, member: FamilyTopic): void;
  /** A topic that nobody watches is the source's no more. */
  released(topic: TopicName): void;
}

/** Topics that one source feeds by patterns; those that nobody watches make room for others. */
export const MOST_FAMILY_TOPICS = 1_000;

interface Member {
  readonly claiming: Promise<FamilyTopic>;
  /** Present once it is claimed. */
  claimed?: FamilyTopic;
  watched: boolean;
}

/** The topics of a source whose names it learns: each is claimed when it is watched first, or published to. */
export class Families {
  readonly #options: FamiliesOptions;
  readonly #members = new Map<TopicName, Member>();
  readonly #undemand: readonly (() => void)[];
  #disposed = false;

  constructor(options: FamiliesOptions) {
    this.#options = options;
    this.#undemand = options.families.map(({ pattern }) =>
      options.hub.onDemand(pattern, (topic, watched) => {
        if (watched) void this.#watch(topic);
      }),
    );
  }

  get topics(): readonly TopicName[] {
    return [...this.#members.keys()];
  }

  /**
   * The way to a topic; undefined when it is of no family.
   *
   * @throws TidewallError conflict when somebody else feeds it, limit_exceeded when there are too many that are watched
   */
  async claim(topic: TopicName): Promise<FamilyTopic | undefined> {
    const known = this.#members.get(topic);
    if (known !== undefined) return known.claiming;
    const family = this.#options.families.find(({ pattern }) => matchesPattern(pattern, topic));
    if (family === undefined || this.#disposed) return undefined;
    if (this.#members.size >= MOST_FAMILY_TOPICS) this.#makeRoom();
    const member: Member = {
      watched: false,
      claiming: this.#feed(topic, family, (watched) => (member.watched = watched)),
    };
    this.#members.set(topic, member);
    try {
      member.claimed = await member.claiming;
      return member.claimed;
    } catch (failure) {
      if (this.#members.get(topic) === member) this.#members.delete(topic);
      throw failure;
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const stop of this.#undemand) stop();
    for (const { claiming } of this.#members.values()) void claiming.then(({ feed }) => feed.dispose()).catch(() => {});
    this.#members.clear();
  }

  async #watch(topic: TopicName): Promise<void> {
    try {
      await this.claim(topic);
    } catch (failure) {
      const { log, name } = this.#options;
      log.warn({ source: name, topic, reason: reasonOf(failure) }, 'a topic cannot be fed');
    }
  }

  async #feed(topic: TopicName, family: SourceFamily, watch: (watched: boolean) => void): Promise<FamilyTopic> {
    const { hub, name, createDelivery, demand, claimed } = this.#options;
    const { pattern: _, ...settings } = family;
    const feed = await hub.feed(topic, name, settings, (wanted) => {
      watch(wanted.watched);
      demand(topic, wanted);
    });
    const member = { feed, delivery: createDelivery(topic, family) };
    member.delivery.resume(() => feed.held());
    if (this.#disposed) feed.dispose();
    else claimed(topic, member);
    return member;
  }

  #makeRoom(): void {
    const resting = [...this.#members].find(([, { watched, claimed }]) => !watched && claimed !== undefined);
    if (resting === undefined) {
      const message = `${MOST_FAMILY_TOPICS} topics of this source are watched already`;
      throw new TidewallError('limit_exceeded', message, {
        detail: { limit: 'topics of a source', max: MOST_FAMILY_TOPICS },
      });
    }
    const [topic, { claimed }] = resting;
    this.#members.delete(topic);
    this.#options.released(topic);
    claimed?.feed.dispose();
  }
}
