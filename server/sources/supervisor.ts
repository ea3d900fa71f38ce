import type { Clock } from '@tidewall/base';
import type { Feed, HubPort, Log, Meter, Source, SourceDefinition } from '@tidewall/contracts';
import { type Limits, TidewallError, type TopicName } from '@tidewall/protocol';
import { reasonOf } from './reason.ts';
import { parseSourceConfig } from './source-config.ts';
import { type SourceEvents, type SourceHealth, SourceRunner } from './source-runner.ts';

/** One row of the list of sources. */
export interface SourceStatus extends SourceHealth {
  readonly name: string;
  readonly kind: string;
  readonly topics: readonly TopicName[];
}

export interface SupervisorOptions {
  readonly hub: Pick<HubPort, 'feed'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly limits: Limits;
  /** A number in [0, 1), for the spread of retries. */
  random(): number;
}

/** Runs the configured sources, each alone: what one of them does or throws never reaches another. */
export interface Supervisor {
  /**
   * Checks the configuration and claims the source's topics; it runs from when the first of them is watched.
   *
   * @param baseDir where relative paths in the configuration start
   * @throws TidewallError bad_request naming the wrong fields; conflict when the name or a topic is taken
   */
  add(name: string, definition: SourceDefinition, config: unknown, baseDir: string): Promise<void>;
  list(): readonly SourceStatus[];
  /** Stops all sources, waits for them, and gives their topics up. */
  dispose(): Promise<void>;
}

interface Supervised {
  readonly kind: string;
  readonly topics: readonly TopicName[];
  readonly runner: SourceRunner;
}

/** A supervisor of no sources yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { hub, clock, log, meter, limits, random } = options;
  const sources = new Map<string, Supervised>();
  const count = createCounters(meter, () => sources);

  return {
    async add(name, definition, config, baseDir) {
      if (sources.has(name)) throw new TidewallError('conflict', `there are two sources named ${name}`);
      const sourceLog = withFields(log, { source: name, kind: definition.kind });
      const source = definition.create(parseSourceConfig(name, definition, config), {
        name,
        baseDir,
        clock,
        log: sourceLog,
        limits,
      });
      const runner = new SourceRunner({ source, clock, log: sourceLog, random, events: count(name) });
      // Before the first wait, so that a second source of that name is refused meanwhile.
      sources.set(name, { kind: definition.kind, topics: source.topics.map(({ topic }) => topic), runner });
      try {
        runner.open(await claimTopics(hub, name, source, runner));
      } catch (failure) {
        sources.delete(name);
        throw failure;
      }
    },
    list() {
      return [...sources].map(([name, { kind, topics, runner }]) => ({ name, kind, topics, ...runner.health }));
    },
    async dispose() {
      const runners = [...sources.values()].map(({ runner }) => runner);
      sources.clear();
      for (const result of await Promise.allSettled(runners.map((runner) => runner.dispose()))) {
        if (result.status === 'rejected') log.error({ reason: reasonOf(result.reason) }, 'a source failed to close');
      }
    },
  };
}

/** All topics of a source, or none. */
async function claimTopics(
  hub: Pick<HubPort, 'feed'>,
  name: string,
  source: Source,
  runner: SourceRunner,
): Promise<Map<TopicName, Feed>> {
  const feeds = new Map<TopicName, Feed>();
  try {
    for (const declared of source.topics) {
      const { topic, ...settings } = declared;
      const demand = (watched: boolean) => runner.demand(topic, watched);
      feeds.set(topic, await hub.feed(topic, name, settings, demand));
    }
    return feeds;
  } catch (failure) {
    for (const feed of feeds.values()) feed.dispose();
    throw failure;
  }
}

/** Registers what is counted of sources. @returns the events of one source, counted under its name */
function createCounters(
  meter: Meter,
  sources: () => ReadonlyMap<string, Supervised>,
): (source: string) => SourceEvents {
  const publications = meter.counter('tidewall_source_publications_total', 'Publications by sources.', ['source']);
  const failures = meter.counter('tidewall_source_failures_total', 'Runs of sources that failed.', ['source']);
  const refused = meter.counter('tidewall_source_refused_total', 'Rows and lines that sources refused.', ['source']);
  const help = '1 while the source delivers, 0 while it starts or fails; absent while nobody watches.';
  meter.gauges('tidewall_source_up', help, ['source'], function* () {
    for (const [source, { runner }] of sources()) {
      const { state } = runner.health;
      if (state !== 'idle') yield [{ source }, state === 'ok' ? 1 : 0];
    }
  });
  return (source) => ({
    published: () => publications.add(1, { source }),
    failed: () => failures.add(1, { source }),
    refused: () => refused.add(1, { source }),
  });
}

function withFields(log: Log, own: object): Log {
  return {
    debug: (fields, message) => log.debug({ ...own, ...fields }, message),
    info: (fields, message) => log.info({ ...own, ...fields }, message),
    warn: (fields, message) => log.warn({ ...own, ...fields }, message),
    error: (fields, message) => log.error({ ...own, ...fields }, message),
  };
}
