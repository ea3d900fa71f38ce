import { type BackoffLimits, backoffMs, type Clock } from '@tidewall/base';
import type { Counter, Feed, HubPort, Log, Meter, SomeTopicSettings } from '@tidewall/contracts';
import {
  type Limits,
  OPERATIONS_OF_KIND,
  parseTopicPattern,
  TidewallError,
  type TopicKind,
  type TopicName,
} from '@tidewall/protocol';
import { jsonOrText } from '../read-message.ts';
import { reasonOf } from '../reason.ts';
import { RedisLink } from './redis-link.ts';
import { placeOf } from './redis-url.ts';

/*
 * One connection to Redis, as long as there is a Redis; topics share it.
 *
 *   connecting ──────────▶ open          a topic is watched    its channel is subscribed
 *     ▲     │ refused       │            nobody watches it     unsubscribed, after the linger time
 *     │     ▼               │ lost       not open              the topic has failed, with the reason
 *   waiting ◀───────────────┘
 */

/** What the names of the topics begin with; the rest is the channel. */
export const REDIS_PREFIX = 'redis/';
/** Channels that are followed at once. The topics of more have failed until there is room. */
export const MOST_CHANNELS = 1_000;
/** Messages that the hub has not kept yet; what comes beside so many is dropped, and counted. */
const MOST_UNDER_WAY = 1_000;
const RETRY: BackoffLimits = { baseMs: 500, maxMs: 15_000 };
const SOURCE = 'redis';

export interface RedisTopicsOptions {
  readonly url: string;
  readonly hub: Pick<HubPort, 'feed' | 'onDemand'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly limits: Pick<Limits, 'publicationBytes'>;
  /** What the hub takes a topic for; see `settingsOfRedisTopic`. */
  settingsOf(topic: TopicName): SomeTopicSettings | undefined;
  /** A number in [0, 1). */
  random(): number;
}

/** Every channel of a Redis server as a topic, while somebody watches it. */
export interface RedisTopics {
  /** Gives all topics up and ends the connection. */
  dispose(): void;
}

/** Begins at once to connect; that Redis is not there yet stops nobody. */
export function createRedisTopics(options: RedisTopicsOptions): RedisTopics {
  return new ChannelTopics(options);
}

/**
 * What a topic that is a channel is: a signal, which nobody else may publish to and which is over when it was heard,
 * unless the configuration says otherwise of it. Of other topics: what is configured.
 */
export function settingsOfRedisTopic(
  topic: TopicName,
  configured: SomeTopicSettings | undefined,
): SomeTopicSettings | undefined {
  if (!topic.startsWith(REDIS_PREFIX)) return configured;
  return { kind: 'signal', retain: false, readOnly: true, ...configured };
}

/** One watched topic. */
interface Followed {
  readonly topic: TopicName;
  readonly channel: string;
  readonly kind: TopicKind;
  /** Hears the channel. */
  readonly listener: (text: string) => void;
  feed: Feed | undefined;
  subscribed: boolean;
  /** Nobody watches it any more. */
  over: boolean;
}

class ChannelTopics implements RedisTopics {
  readonly #options: RedisTopicsOptions;
  readonly #place: string;
  readonly #followed = new Map<TopicName, Followed>();
  readonly #undemand: () => void;
  readonly #messages: Counter;
  readonly #refused: Counter;
  readonly #abort = new AbortController();
  #link: RedisLink | undefined;
  #failure = 'connecting';
  #attempts = 0;
  #cancelRetry: (() => void) | undefined;
  #underWay = 0;

  constructor(options: RedisTopicsOptions) {
    const { url, hub, meter } = options;
    this.#options = options;
    this.#place = placeOf(url);
    this.#messages = meter.counter('tidewall_redis_messages_total', 'Messages that Redis brought.');
    this.#refused = meter.counter('tidewall_redis_refused_total', 'Messages of Redis that were dropped.', ['reason']);
    meter.gauge('tidewall_redis_up', '1 while Redis is connected.', () => (this.#link === undefined ? 0 : 1));
    meter.gauge('tidewall_redis_channels', 'Channels of Redis that are followed.', () => this.#subscribed);
    this.#undemand = hub.onDemand(parseTopicPattern(`${REDIS_PREFIX}#`), (topic, watched) => {
      if (watched) void this.#follow(topic);
      else this.#leave(topic);
    });
    void this.#connect();
  }

  dispose(): void {
    this.#undemand();
    this.#abort.abort();
    this.#cancelRetry?.();
    this.#link?.close();
    this.#link = undefined;
    for (const topic of [...this.#followed.keys()]) this.#leave(topic);
  }

  get #subscribed(): number {
    let count = 0;
    for (const { subscribed } of this.#followed.values()) if (subscribed) count++;
    return count;
  }

  // --- topics

  async #follow(topic: TopicName): Promise<void> {
    const channel = topic.slice(REDIS_PREFIX.length);
    // The pattern takes the prefix without anything behind it too.
    if (channel === '' || !topic.startsWith(REDIS_PREFIX)) return;
    const { hub, settingsOf, log } = this.#options;
    const settings = settingsOf(topic) ?? {};
    const { kind = 'signal' } = settings;
    const listener = (text: string) => this.#take(followed, text);
    const followed: Followed = { topic, channel, kind, listener, feed: undefined, subscribed: false, over: false };
    this.#followed.set(topic, followed);
    try {
      followed.feed = await hub.feed(topic, SOURCE, { ...settings, kind }, () => {});
    } catch (failure) {
      // Somebody else feeds it: it is theirs.
      log.warn({ topic, reason: reasonOf(failure) }, 'a topic cannot be fed from Redis');
      if (this.#followed.get(topic) === followed) this.#followed.delete(topic);
      return;
    }
    if (followed.over) followed.feed.dispose();
    else if (this.#link === undefined) followed.feed.fail(this.#failure);
    else this.#subscribe(followed, this.#link);
  }

  #leave(topic: TopicName): void {
    const followed = this.#followed.get(topic);
    if (followed === undefined) return;
    this.#followed.delete(topic);
    followed.over = true;
    followed.feed?.dispose();
    if (!followed.subscribed) return;
    followed.subscribed = false;
    // When it fails, the connection is gone, which is told apart.
    // Without its listener, the client would take one that subscribes meanwhile for subscribed, and it would hear nothing.
    this.#link?.client.unsubscribe(followed.channel, followed.listener).catch(() => {});
    const waiting = [...this.#followed.values()].find(({ feed, subscribed }) => feed && !subscribed);
    if (waiting && this.#link) this.#subscribe(waiting, this.#link);
  }

  #subscribe(followed: Followed, link: RedisLink): void {
    const { channel, feed, listener } = followed;
    if (this.#subscribed >= MOST_CHANNELS) {
      feed?.fail(`${MOST_CHANNELS} channels of Redis are followed already; there is room when others are left`);
      return;
    }
    followed.subscribed = true;
    link.client
      .subscribe(channel, listener)
      .then(() => feed?.healthy())
      .catch((failure) => {
        // A lost connection is told to all topics at once.
        if (this.#link !== link) return;
        followed.subscribed = false;
        feed?.fail(link.failure(`does not let us follow ${channel}`, failure).message);
      });
  }

  #take({ feed, kind, over }: Followed, text: string): void {
    if (feed === undefined || over) return;
    this.#messages.add(1);
    // Parsing what is refused anyway would hold up everybody else.
    const tooLarge = text.length > this.#options.limits.publicationBytes;
    if (tooLarge || this.#underWay >= MOST_UNDER_WAY) {
      this.#refused.add(1, { reason: tooLarge ? 'limit_exceeded' : 'too_many_requests' });
      return;
    }
    this.#underWay++;
    feed
      .publish(OPERATIONS_OF_KIND[kind][0], jsonOrText(text))
      .catch((failure) => {
        this.#refused.add(1, { reason: failure instanceof TidewallError ? failure.kind : 'internal' });
      })
      .finally(() => {
        this.#underWay--;
      });
  }

  // --- the connection

  async #connect(): Promise<void> {
    const { url, log } = this.#options;
    const { signal } = this.#abort;
    let link: RedisLink;
    try {
      link = await RedisLink.open(url, signal);
    } catch (failure) {
      if (!signal.aborted) this.#retry(reasonOf(failure));
      return;
    }
    this.#link = link;
    this.#attempts = 0;
    log.info({ redis: this.#place }, 'Redis is connected');
    void link.lost.then((failure) => {
      if (this.#link !== link) return;
      link.close();
      this.#link = undefined;
      this.#retry(failure.message);
    });
    for (const followed of this.#followed.values()) if (followed.feed) this.#subscribe(followed, link);
  }

  #retry(reason: string): void {
    const { clock, log, random } = this.#options;
    const delayMs = backoffMs(this.#attempts++, RETRY, random());
    this.#failure = `${reason}; next try in ${Math.ceil(delayMs / 1000)} s`;
    log.warn(
      { reason, retryMs: Math.round(delayMs) },
      'Redis cannot be used; its topics have failed, all else goes on',
    );
    for (const followed of this.#followed.values()) {
      followed.subscribed = false;
      followed.feed?.fail(this.#failure);
    }
    this.#cancelRetry = clock.after(delayMs, () => void this.#connect());
  }
}
