import type { Clock, JsonObject } from '@tidewall/base';
import type { Demand, Feed, HubPort, Log, Source, SourceTopic } from '@tidewall/contracts';
import type { Limits, TopicName } from '@tidewall/protocol';
import type { Values } from '@tidewall/request';
import { Delivery, type Pipeline } from './delivery.ts';
import { Families } from './families.ts';
import { PaceOfDemand } from './pace-of-demand.ts';
import { resolveFile } from './resolve-file.ts';
import type { CheckedSettings } from './settings.ts';
import { type SourceEvents, SourceRunner } from './source-runner.ts';
import type { SourceSpec } from './source-spec.ts';
import type { Turnstile } from './turnstile.ts';

/** What all sources share. */
export interface SourceSurroundings {
  readonly hub: Pick<HubPort, 'feed' | 'onDemand'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  /** @throws TidewallError bad_request naming the step that is wrong, as `transforms[1].…` */
  compileTransforms(steps: readonly JsonObject[], source: string): Pipeline;
  /** A number in [0, 1). */
  random(): number;
  /** For work of sources that takes a processor for itself. */
  readonly heavy: Turnstile;
}

export interface InstanceOptions {
  readonly spec: SourceSpec;
  readonly checked: CheckedSettings;
  /** The values of all its parameters. */
  readonly values: Values;
  readonly events: SourceEvents;
  /** Whether it runs for a moment, beside whatever else there is. */
  readonly trial?: boolean;
  /** The topic of the hub for one that the source declares. */
  topicFor(declared: TopicName): TopicName;
}

/** One source with one set of values: what it is, the topics that it feeds, and what runs it. */
export interface SourceInstance {
  readonly source: Source;
  readonly values: Values;
  readonly topics: readonly TopicName[];
  readonly runner: SourceRunner;
  /** Makes the way to one of its topics, by the source's own name for it. */
  createDelivery(topic: SourceTopic): Delivery;
  families: Families | undefined;
}

/**
 * Makes an instance; it has no topics yet, and does not run.
 *
 * @throws TidewallError bad_request when its settings cannot be, or a transform is wrong
 */
export function createInstance(surroundings: SourceSurroundings, options: InstanceOptions): SourceInstance {
  const { clock, limits, random, compileTransforms } = surroundings;
  const { spec, checked, values, events, topicFor, trial = false } = options;
  const { name, definition, baseDir, outgoing } = spec;
  const log = withFields(surroundings.log, { source: name, kind: definition.kind });
  const pace = new PaceOfDemand();
  const { transforms } = checked.common;
  const pipeline = transforms.length === 0 ? undefined : compileTransforms(transforms, name);
  const context = {
    ...{ name, baseDir, clock, log, limits, outgoing, pace, params: values, trial },
    resolveFile: (path: string) => resolveFile(spec, path),
    heavyTurn: (signal: AbortSignal) => surroundings.heavy.enter(signal),
  };
  const source = definition.create(checked.own, context);
  const refused = (reason: string, count?: number) => runner.refused(reason, count);
  const createDelivery = (topic: SourceTopic) => new Delivery({ topic, pipeline, clock, limits, refused });
  const deliveries = new Map(source.topics.map((topic) => [topic.topic, createDelivery(topic)]));
  const claim = async (topic: TopicName) => instance.families?.claim(topic);
  const runner: SourceRunner = new SourceRunner({ source, deliveries, pace, claim, clock, log, random, events });
  const topics = source.topics.map(({ topic }) => topicFor(topic));
  const instance: SourceInstance = { source, values, topics, runner, createDelivery, families: undefined };
  return instance;
}

/**
 * Claims all topics of an instance, or none; from then on it runs while one of them is watched.
 *
 * @throws TidewallError conflict when somebody else feeds one
 */
export async function openInstance(
  { hub, log }: Pick<SourceSurroundings, 'hub' | 'log'>,
  name: string,
  instance: SourceInstance,
): Promise<void> {
  const { source, topics, runner, createDelivery } = instance;
  const feeds = new Map<TopicName, Feed>();
  try {
    for (const [index, declared] of source.topics.entries()) {
      const { topic, ...settings } = declared;
      const demand = (wanted: Demand) => runner.demand(topic, wanted);
      feeds.set(topic, await hub.feed(topics[index] as TopicName, name, settings, demand));
    }
  } catch (failure) {
    for (const feed of feeds.values()) feed.dispose();
    throw failure;
  }
  runner.open(feeds);
  if (source.families === undefined) return;
  instance.families = new Families({
    ...{ hub, log, name, families: source.families },
    createDelivery: (topic, { pattern: _, ...settings }) => createDelivery({ topic, ...settings }),
    demand: (topic, wanted) => runner.demand(topic, wanted),
    claimed: (topic, { feed }) => runner.addFeed(topic, feed),
    released: (topic) => runner.removeFeed(topic),
  });
}

/** Stops an instance, waits for it, and gives all of its topics up. */
export async function closeInstance({ families, runner }: SourceInstance): Promise<void> {
  families?.dispose();
  await runner.dispose();
}

function withFields(log: Log, own: object): Log {
  return {
    debug: (fields, message) => log.debug({ ...own, ...fields }, message),
    info: (fields, message) => log.info({ ...own, ...fields }, message),
    warn: (fields, message) => log.warn({ ...own, ...fields }, message),
    error: (fields, message) => log.error({ ...own, ...fields }, message),
  };
}
