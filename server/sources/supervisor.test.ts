import type { Clock, JsonObject } from '@tidewall/base';
import type {
  Demand,
  Feed,
  FeedSettings,
  HubPort,
  Labels,
  Log,
  Meter,
  Sink,
  SourceDefinition,
} from '@tidewall/contracts';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS, parseTopicName, TidewallError, type TopicName, type TopicPattern } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mostBetweenTurns } from './most-between-turns.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import { MAX_STEPS } from './turns.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The hub's side of a feed, with what a source told it. */
class FedTopic implements Feed {
  readonly source: string;
  readonly settings: FeedSettings;
  readonly demand: (demand: Demand) => void;
  readonly published: unknown[] = [];
  /** What the topic says of itself, in order. */
  readonly told: string[] = [];
  readonly cadences: number[] = [];
  disposed = false;

  constructor(source: string, settings: FeedSettings, demand: (demand: Demand) => void) {
    this.source = source;
    this.settings = settings;
    this.demand = demand;
  }

  async publish(_op: string, data: unknown): Promise<void> {
    this.published.push(data);
    this.told.push('published');
  }

  fail(reason: string): void {
    this.told.push(reason);
  }

  expect(everyMs: number): void {
    this.cadences.push(everyMs);
  }

  held(): undefined {}

  healthy(): void {
    this.told.push('healthy');
  }

  dispose(): void {
    this.disposed = true;
  }
}

class FeedingHub implements Pick<HubPort, 'feed' | 'onDemand'> {
  readonly topics = new Map<string, FedTopic>();
  readonly demands = new Map<string, (topic: TopicName, watched: boolean) => void>();
  /** Topics that somebody watches before a source claims them. */
  readonly watchedEarly = new Set<string>();

  async feed(topic: TopicName, source: string, settings: FeedSettings, demand: (demand: Demand) => void) {
    const taken = this.topics.get(topic);
    if (taken && !taken.disposed) throw new TidewallError('conflict', `${topic} is fed by "${taken.source}" already`);
    const fed = new FedTopic(source, settings, demand);
    this.topics.set(topic, fed);
    if (this.watchedEarly.has(topic)) demand({ watched: true, unpaced: true });
    await Promise.resolve();
    return fed;
  }

  onDemand(pattern: TopicPattern, demand: (topic: TopicName, watched: boolean) => void): () => void {
    this.demands.set(pattern, demand);
    return () => this.demands.delete(pattern);
  }

  topic(name: string): FedTopic {
    const topic = this.topics.get(name);
    if (!topic) throw new Error(`nobody feeds ${name}`);
    return topic;
  }
}

class CountingMeter implements Meter {
  readonly counts = new Map<string, number>();
  readonly #gauges = new Map<string, () => Iterable<[Labels, number]>>();

  counter(name: string) {
    return {
      add: (amount: number, labels: Labels = {}) => {
        const key = `${name}{${labels['source']}}`;
        this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
      },
    };
  }

  gauge(): void {}

  gauges(name: string, _help: string, _labelNames: readonly string[], read: () => Iterable<[Labels, number]>): void {
    this.#gauges.set(name, read);
  }

  read(name: string): Record<string, number> {
    const rows = [...(this.#gauges.get(name)?.() ?? [])];
    return Object.fromEntries(rows.map(([labels, value]) => [labels['source'] ?? '', value]));
  }
}

interface Started {
  readonly sink: Sink;
  readonly signal: AbortSignal;
  resolve(): void;
  reject(failure: Error): void;
}

/** A kind of source whose runs are ended by the test. */
function scripted(started: Started[], topics = ['one', 'two']): SourceDefinition<{ level: number }> {
  return {
    kind: 'scripted',
    configSchema: z.strictObject({ level: z.number().default(1) }),
    secrets: [],
    addresses: [],
    create: (_config, { name }) => ({
      topics: topics.map((each) => ({
        topic: parseTopicName(`${name}/${each}`),
        kind: 'log' as const,
        keep: { count: 7 },
      })),
      run: (sink, signal) =>
        new Promise((resolve, reject) => {
          started.push({ sink, signal, resolve, reject });
        }),
    }),
  };
}

const ONE = parseTopicName('probe/one');
const TWO = parseTopicName('probe/two');

let clock: FakeClock;
let hub: FeedingHub;
let meter: CountingMeter;
let supervisor: Supervisor;
let started: Started[];

beforeEach(() => {
  clock = new FakeClock(1_000_000);
  hub = new FeedingHub();
  meter = new CountingMeter();
  supervisor = createSupervisor({
    ...{ hub, clock, log: silent, meter, limits: DEFAULT_LIMITS },
    random: () => 0.5,
    compileTransforms: (steps) => (data) => ({ steps: [...steps], data }),
  });
  started = [];
});

const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: true });
const specOf = (definition: SourceDefinition, settings: JsonObject = {}, name = 'probe') => ({
  ...{ name, definition, settings, outgoing },
  baseDir: '.',
});
const add = () => supervisor.add(specOf(scripted(started) as SourceDefinition));
const settle = (from: Clock & { advance(ms: number): Promise<void> } = clock) => from.advance(0);

function watch(topic: string, watched = true): Promise<void> {
  hub.topic(topic).demand({ watched, unpaced: watched });
  return settle();
}

function run(index: number): Started {
  const one = started[index];
  if (!one) throw new Error(`there was no run ${index}`);
  return one;
}

const status = () => supervisor.list()[0];

describe('a source', () => {
  beforeEach(add);

  it('has its topics claimed with what it says of them', () => {
    expect(hub.topic(ONE)).toMatchObject({ source: 'probe' });
    expect(hub.topic(ONE).settings).toEqual({ kind: 'log', keep: { count: 7 } });
    expect(status()).toEqual({ name: 'probe', kind: 'scripted', topics: [ONE, TWO], state: 'idle', refusals: 0 });
  });

  it('starts with the first watcher of any topic and stops after the last of all', async () => {
    expect(started).toHaveLength(0);
    await watch(ONE);
    await watch(TWO);
    expect(started).toHaveLength(1);
    expect(status()?.state).toBe('starting');
    await watch(ONE, false);
    expect(run(0).signal.aborted).toBe(false);
    await watch(TWO, false);
    expect(run(0).signal.aborted).toBe(true);
    expect(status()?.state).toBe('idle');
  });

  it('never runs twice at once: what is wanted while it stops waits for the end', async () => {
    await watch(ONE);
    await watch(ONE, false);
    await watch(ONE);
    expect(started).toHaveLength(1);
    run(0).resolve();
    await settle();
    expect(started).toHaveLength(2);
    expect(run(1).signal.aborted).toBe(false);
  });

  it('starts anew at once when it fails while it stops', async () => {
    await watch(ONE);
    await watch(ONE, false);
    await watch(ONE);
    run(0).reject(new Error('cut'));
    await settle();
    expect(started).toHaveLength(2);
    expect(hub.topic(ONE).told).toEqual([]);
  });

  it('is ok from its first publication', async () => {
    await watch(ONE);
    await run(0).sink.publish(ONE, 'append', 5);
    expect(hub.topic(ONE).published).toEqual([5]);
    expect(status()?.state).toBe('ok');
    expect(hub.topic(TWO).told).toEqual([]);
  });

  it('is ok when it says so, and its topics hear it', async () => {
    await watch(ONE);
    run(0).sink.healthy();
    expect(status()?.state).toBe('ok');
    expect([hub.topic(ONE).told, hub.topic(TWO).told]).toEqual([['healthy'], ['healthy']]);
  });

  it('is late when nothing came for twice its cadence, and ok again with the next', async () => {
    await watch(ONE);
    run(0).sink.expect(1_000);
    await run(0).sink.publish(ONE, 'append', 1);
    expect([hub.topic(ONE).cadences, hub.topic(TWO).cadences]).toEqual([[1_000], [1_000]]);
    await clock.advance(2_000);
    expect(status()?.state).toBe('ok');
    await clock.advance(1);
    expect([status()?.state, meter.read('tidewall_source_up')]).toEqual(['late', { probe: 0 }]);
    run(0).sink.healthy();
    expect([status()?.state, meter.read('tidewall_source_up')]).toEqual(['ok', { probe: 1 }]);
    await clock.advance(2_001);
    await run(0).sink.publish(TWO, 'append', 2);
    expect(status()?.state).toBe('ok');
  });

  it('is never late while nobody watches, before its first news, or when it has no more to bring', async () => {
    await watch(ONE);
    run(0).sink.expect(1_000);
    await clock.advance(10_000);
    expect(status()?.state).toBe('starting');
    await run(0).sink.publish(ONE, 'append', 1);
    run(0).resolve();
    await settle();
    await clock.advance(10_000);
    expect(status()?.state).toBe('ok');
    await watch(ONE, false);
    expect(status()?.state).not.toBe('late');
  });

  it('publishes nothing after its abort', async () => {
    await watch(ONE);
    await watch(ONE, false);
    await expect(run(0).sink.publish(ONE, 'append', 5)).rejects.toThrow();
    run(0).sink.healthy();
    expect(hub.topic(ONE).told).toEqual([]);
    expect(status()?.state).toBe('idle');
  });

  it('that publishes without a pause leaves everybody else their turn', async () => {
    await watch(ONE);
    const { sink } = run(0);
    const flood = (async () => {
      for (let i = 0; i < 2_000; i++) await sink.publish(ONE, 'append', i);
    })();
    expect(await mostBetweenTurns(flood, () => hub.topic(ONE).published.length)).toBeLessThanOrEqual(2 * MAX_STEPS);
    expect(hub.topic(ONE).published).toHaveLength(2_000);
  });

  it('publishes to no topic that it has not declared', async () => {
    await watch(ONE);
    await expect(run(0).sink.publish(parseTopicName('other'), 'append', 5)).rejects.toThrow(TypeError);
  });

  it('that resolves by itself is finished: it stays ok and does not start again', async () => {
    await watch(ONE);
    run(0).resolve();
    await settle();
    expect(status()?.state).toBe('ok');
    await watch(ONE, false);
    await watch(ONE);
    await clock.advance(120_000);
    expect(started).toHaveLength(1);
    expect(status()?.state).toBe('ok');
  });

  it('has its refusals counted, and shows the last', async () => {
    await watch(ONE);
    run(0).sink.refused('line 3 has no key');
    run(0).sink.refused('line 4\nhas no key');
    expect(status()).toMatchObject({ refusals: 2, lastRefusal: 'line 4 has no key' });
  });
});

describe('a source that fails', () => {
  beforeEach(async () => {
    await add();
    await watch(ONE);
  });

  async function failAfter(ms: number): Promise<void> {
    await clock.advance(ms);
    run(started.length - 1).reject(new Error('no route to host'));
    await settle();
  }

  it('says why on each of its topics, and when it is tried again', async () => {
    await failAfter(0);
    const sentence = 'no route to host; next try in 2 s';
    expect([hub.topic(ONE).told, hub.topic(TWO).told]).toEqual([[sentence], [sentence]]);
    expect(status()).toMatchObject({ state: 'failed', reason: 'no route to host', nextTryAt: 1_001_500 });
  });

  it('is tried again after a time that grows to a minute', async () => {
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      await failAfter(0);
      waits.push((status()?.nextTryAt ?? 0) - clock.now());
      await clock.advance(waits.at(-1) ?? 0);
      expect(started).toHaveLength(i + 2);
    }
    expect(waits).toEqual([1_500, 2_000, 3_000, 5_000, 9_000, 17_000, 31_000, 31_000, 31_000]);
  });

  it('begins with the shortest time again when it was well for half a minute, not before', async () => {
    await failAfter(0);
    await clock.advance(1_500);
    run(1).sink.healthy();
    await failAfter(29_999);
    expect((status()?.nextTryAt ?? 0) - clock.now()).toBe(2_000);
    await clock.advance(2_000);
    run(2).sink.healthy();
    await failAfter(30_000);
    expect((status()?.nextTryAt ?? 0) - clock.now()).toBe(1_500);
  });

  it('clears all its topics when it works again, though only one has news', async () => {
    await failAfter(0);
    await clock.advance(1_500);
    expect(status()?.state).toBe('starting');
    await run(1).sink.publish(ONE, 'append', 1);
    expect(hub.topic(ONE).told.slice(1)).toEqual(['published']);
    expect(hub.topic(TWO).told.slice(1)).toEqual(['healthy']);
    await run(1).sink.publish(ONE, 'append', 2);
    expect(hub.topic(TWO).told).toHaveLength(2);
  });

  it('clears them also when nobody watched in between', async () => {
    await failAfter(0);
    await watch(ONE, false);
    await watch(ONE);
    await run(1).sink.publish(ONE, 'append', 1);
    expect(hub.topic(TWO).told.at(-1)).toBe('healthy');
  });

  it('is not tried while nobody watches', async () => {
    await failAfter(0);
    await watch(ONE, false);
    await clock.advance(600_000);
    expect(started).toHaveLength(1);
    expect(status()?.state).toBe('idle');
    expect(clock.pending).toBe(0);
  });

  it('is counted', async () => {
    run(0).sink.refused('x');
    await run(0).sink.publish(ONE, 'append', 1);
    expect(meter.read('tidewall_source_up')).toEqual({ probe: 1 });
    await failAfter(0);
    expect(meter.read('tidewall_source_up')).toEqual({ probe: 0 });
    await watch(ONE, false);
    expect(meter.read('tidewall_source_up')).toEqual({});
    expect(Object.fromEntries(meter.counts)).toEqual({
      'tidewall_source_refused_total{probe}': 1,
      'tidewall_source_publications_total{probe}': 1,
      'tidewall_source_failures_total{probe}': 1,
    });
  });

  it('never touches another one, though it throws before it has begun', async () => {
    const wild: SourceDefinition = {
      ...(scripted([]) as SourceDefinition),
      create: (_config, { name }) => ({
        topics: [{ topic: parseTopicName(name), kind: 'state' }],
        run() {
          throw new Error('boom');
        },
      }),
    };
    await supervisor.add(specOf(wild, {}, 'wild'));
    await watch('wild');
    expect(supervisor.list().map(({ name, state }) => [name, state])).toEqual([
      ['probe', 'starting'],
      ['wild', 'failed'],
    ]);
    await run(0).sink.publish(ONE, 'append', 1);
    expect(supervisor.list()[0]?.state).toBe('ok');
  });
});

describe('a source that does not stop', () => {
  const reason = 'the source has not stopped 5 s after it was told to';
  const sentence = `${reason}; it starts again when it has`;

  beforeEach(async () => {
    await add();
    await watch(ONE);
    await watch(ONE, false);
  });

  it('is failed for those who watch meanwhile, with a reason, until it has stopped', async () => {
    await watch(ONE);
    await clock.advance(4_999);
    expect(status()?.state).toBe('idle');
    await clock.advance(1);
    expect(status()).toMatchObject({ state: 'failed', reason });
    expect(status()).not.toHaveProperty('nextTryAt');
    expect([hub.topic(ONE).told, hub.topic(TWO).told]).toEqual([[sentence], [sentence]]);
    expect(started).toHaveLength(1);
    run(0).resolve();
    await settle();
    expect(started).toHaveLength(2);
    expect(status()?.state).toBe('starting');
    await run(1).sink.publish(ONE, 'append', 1);
    expect(hub.topic(TWO).told).toEqual([sentence, 'healthy']);
  });

  it('is failed for those who come later, and idle while nobody watches', async () => {
    await clock.advance(5_000);
    expect(status()?.state).toBe('idle');
    await watch(ONE);
    await watch(TWO);
    expect(status()?.state).toBe('failed');
    expect(hub.topic(ONE).told).toEqual([sentence]);
    await watch(ONE, false);
    await watch(TWO, false);
    expect(status()?.state).toBe('idle');
    run(0).reject(new Error('cut'));
    await settle();
    expect(started).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

describe('adding a source', () => {
  it('refuses a wrong configuration by field, and claims nothing', async () => {
    const wrong = supervisor.add(specOf(scripted(started) as SourceDefinition, { level: 'high', colour: 1 }));
    await expect(wrong).rejects.toThrow(/sources\.probe\.level: .*; sources\.probe\.colour is not a setting/);
    expect(hub.topics.size).toBe(0);
    expect(supervisor.list()).toEqual([]);
  });

  it('refuses a name that is taken', async () => {
    await add();
    await expect(add()).rejects.toThrow('there are two sources named probe');
  });

  it('claims all of its topics or none', async () => {
    await hub.feed(TWO, 'somebody', { kind: 'log' }, () => {});
    await expect(add()).rejects.toThrow(`${TWO} is fed by "somebody" already`);
    expect(hub.topic(ONE).disposed).toBe(true);
    expect(supervisor.list()).toEqual([]);
  });

  it('does not run it before all of its topics are claimed, though one is watched already', async () => {
    hub.watchedEarly.add(ONE);
    const adding = add();
    expect(started).toHaveLength(0);
    await adding;
    await settle();
    expect(started).toHaveLength(1);
    await run(0).sink.publish(TWO, 'append', 1);
  });
});

describe('the end', () => {
  it('waits for the runs and gives the topics up', async () => {
    await add();
    await watch(ONE);
    let over = false;
    const disposing = supervisor.dispose().then(() => {
      over = true;
    });
    await settle();
    expect(run(0).signal.aborted).toBe(true);
    expect(over).toBe(false);
    run(0).resolve();
    await disposing;
    expect([hub.topic(ONE).disposed, hub.topic(TWO).disposed]).toEqual([true, true]);
    expect(clock.pending).toBe(0);
    await supervisor.dispose();
  });

  it('does not wait for ever for a source that ignores its abort', async () => {
    await add();
    await watch(ONE);
    const disposing = supervisor.dispose();
    await clock.advance(5_000);
    await disposing;
    expect(hub.topic(ONE).disposed).toBe(true);
  });
});
