import { assertNever, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Following, FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { ERROR_CODES, type ErrorName, type Since } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Client, createClient } from './client.ts';
import { FORBIDDEN_RATE_HZ, HostileServer, type Mischief, ModelTopic, PATTERN } from './hostile-server.contract.ts';
import type { Replica } from './replica.ts';

type Action =
  | { readonly type: 'publish'; readonly topic: number; readonly count: number }
  | { readonly type: 'trim' | 'restart' | 'deliver' }
  | { readonly type: 'end'; readonly topic: number; readonly code: number }
  | { readonly type: 'close'; readonly code: number }
  | { readonly type: 'bye'; readonly code: number }
  | { readonly type: 'advance'; readonly ms: number }
  | { readonly type: 'refollow'; readonly topic: number }
  | { readonly type: 'configure'; readonly topic: number; readonly rateHz: number | undefined }
  | { readonly type: 'end pattern'; readonly code: number }
  | { readonly type: 'gossip'; readonly push: JsonObject }
  /** Somebody else watches the log: from now on, or from where somebody was so many entries ago. */
  | { readonly type: 'join'; readonly behind: number }
  | { readonly type: 'leave'; readonly watcher: number }
  | { readonly type: 'mischief'; readonly mischief: Mischief };

/** One of the four topics; then the filtered log, and the pattern. */
const topic = fc.nat(3);
const followed = fc.nat(5);
const closeCode = fc.oneof(fc.constantFrom(1000, 1006, 4001, 4004, 4014, 4500, 4503, 4507), fc.nat(65_535));
const mischief: fc.Arbitrary<Mischief> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('drop', 'double', 'swap', 'replay'), index: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('truncate' as const), index: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('garbage' as const), text: fc.oneof(fc.string(), fc.json()) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('refuse' as const),
      name: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorName[])),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'malform' as const }) },
);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('publish' as const), topic, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('mischief' as const), mischief }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.constantFrom(1, 300, 1_000, 5_000, 40_000) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('trim', 'deliver') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('end' as const), topic, code: fc.constantFrom(2000, 2500) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('close' as const), code: closeCode }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('bye' as const), code: closeCode }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refollow' as const), topic: followed }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('configure' as const),
      topic: followed,
      rateHz: fc.constantFrom(undefined, 0.5, 2, FORBIDDEN_RATE_HZ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('join' as const), behind: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), watcher: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('end pattern' as const), code: fc.constantFrom(2001, 2500) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('gossip' as const),
      push: fc
        .tuple(fc.constantFrom('who', 'join', 'leave'), fc.jsonValue(), fc.jsonValue())
        .map(([word, value, count]) => ({ [word]: value, count }) as JsonObject),
    }),
  },
);

const EPOCH = 1_000_000;

/**
 * That what is held is true: a state that was, or a run without a hole that nobody was told of.
 *
 * @param step the distance of the marks that are shown
 */
function expectTruth(model: ModelTopic, replica: Replica, step = 1): void {
  const value = replica.value() as JsonValue | undefined;
  if (value === undefined) return;
  if (model.kind === 'state' || model.kind === 'table') {
    const known = model.past.has(JSON.stringify(value)) || (model.kind === 'table' && (value as []).length === 0);
    expect(known, `${model.kind} holds what never was: ${JSON.stringify(value)}`).toBe(true);
    return;
  }
  const marks = model.kind === 'log' ? (value as number[]) : (value as { t: number[] }).t;
  let holes = 0;
  for (let i = 1; i < marks.length; i++) {
    const [before, mark] = [marks[i - 1] as number, marks[i] as number];
    expect(mark, `${model.kind} goes on from ${before}`).toBeGreaterThan(before);
    expect(mark % step, 'a mark that does not pass').toBe(0);
    if (Math.floor(mark / EPOCH) === Math.floor(before / EPOCH)) holes += (mark - before) / step - 1;
  }
  if (model.kind === 'series') expect(holes, 'a series has a hole').toBe(0);
  if (replica.breaks === 0) expect(holes, 'a log has a hole that nobody was told of').toBeLessThanOrEqual(replica.lost);
}

/** That what is held is the newest, once there has been peace. */
function expectNewest(model: ModelTopic, replica: Replica, step = 1): void {
  const value = replica.value() as JsonValue;
  if (model.kind === 'state' || model.kind === 'table') {
    expect(value).toEqual(model.value());
    return;
  }
  const marks = model.kind === 'log' ? (value as number[]) : (value as { t: number[] }).t;
  expect(marks.at(-1)).toBe(model.epochs * EPOCH + model.head - (model.head % step));
}

/** One who watches the log, push by push. */
interface Watcher {
  /** The marks that it was told, in order; the first is where it wanted to go on from, if anywhere. */
  readonly marks: number[];
  readonly replicas: Set<Replica>;
  readonly end: Following;
}

/** What is true, and what must come of it. */
interface Model {
  readonly topics: readonly ModelTopic[];
  /** Whether the log has been followed from its first entry on, so that its entries can be counted. */
  counted: boolean;
}

/** The client under test, with a server that plays against it. */
class Bed {
  readonly clock = new FakeClock();
  readonly server: HostileServer;
  readonly client: Client;
  readonly failures: unknown[] = [];
  /** Whether the client has ever said that something could not be had. */
  unrecovered = false;
  /** What is followed, by the number that actions give it: what it has brought, and how to end it. */
  readonly seen: Map<ModelTopic, Replica>[] = [];
  readonly stops: Following[] = [];
  readonly watchers: Watcher[] = [];
  /** Where those who watch have been, oldest first: what pages save. */
  readonly saved: Since[] = [];
  readonly #topics: readonly ModelTopic[];

  constructor(topics: readonly ModelTopic[]) {
    let seed = 1;
    this.#topics = topics;
    this.server = new HostileServer(topics);
    this.client = createClient({
      url: 'http://hall/',
      transports: [this.server],
      clock: this.clock,
      random: () => {
        seed = (seed * 16_807) % 2_147_483_647;
        return seed / 2_147_483_647;
      },
      failed: (failure) => this.failures.push(failure),
    });
    this.client.onStatus((status) => {
      if (status.type === 'live' && !status.recovered) this.unrecovered = true;
    });
    for (let index = 0; index < 6; index++) this.follow(index);
    // Everything is followed from its beginning.
    this.server.deliver();
    this.server.deliver();
    expect(this.client.status.type).toBe('live');
  }

  follow(index: number): void {
    const options: FollowOptions = { keepCount: 10_000, ...(index === 4 ? { filter: ['even', 'eq', true] } : {}) };
    const replicas = new Map<ModelTopic, Replica>();
    this.seen[index] = replicas;
    const name = index === 5 ? PATTERN : topicOf(this.#topics, index).name;
    this.stops[index] = this.client.follow(name, options, (replica) => {
      const model = this.#topics.find((one) => one.name === replica.topic);
      if (model === undefined) return;
      replicas.set(model, replica as Replica);
      expectTruth(model, replica as Replica, stepOf(index));
    });
  }

  join(since: Since | undefined): void {
    const log = topicOf(this.#topics, 3);
    const end = this.client.watch(log.name, { keepCount: 10_000, ...(since && { since }) }, (push, replica) => {
      watcher.replicas.add(replica as Replica);
      const { d, r, o, gap } = push;
      const offset = gap?.to ?? o;
      if (offset !== undefined && replica.position) this.saved.push({ epoch: replica.position.epoch, offset });
      if (d !== undefined) watcher.marks.push(...((r === 1 ? d : [d]) as number[]));
    });
    const watcher: Watcher = { marks: since ? [markAt(since)] : [], replicas: new Set(), end };
    this.watchers.push(watcher);
  }

  async peace(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.clock.advance(1_000);
      this.server.deliver();
    }
  }
}

const stepOf = (index: number) => (index === 4 ? 2 : 1);
const topicOf = (topics: readonly ModelTopic[], index: number) => (topics[index] ?? topics[3]) as ModelTopic;
const markAt = ({ epoch, offset }: Since) => Number(epoch.slice(1)) * EPOCH + offset;

/** That one who watches was told every entry once, in order, and none is missing that nobody spoke of. */
function expectToldOnce({ marks, replicas }: Watcher, unrecovered: boolean): void {
  let holes = 0;
  for (let i = 1; i < marks.length; i++) {
    const [before, mark] = [marks[i - 1] as number, marks[i] as number];
    expect(mark, `after ${before} somebody is told`).toBeGreaterThan(before);
    if (Math.floor(mark / EPOCH) === Math.floor(before / EPOCH)) holes += mark - before - 1;
  }
  if (unrecovered) return;
  const lost = [...replicas].reduce((sum, replica) => sum + replica.lost, 0);
  expect(holes, 'somebody has a hole that nobody was told of').toBeLessThanOrEqual(lost);
}

/** One thing that happens; then what the server has to say is delivered. */
class Happening implements fc.AsyncCommand<Model, Bed> {
  readonly #action: Action;

  constructor(action: Action) {
    this.#action = action;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, bed: Bed): Promise<void> {
    this.#act(model, bed);
    if (this.#action.type === 'advance') await bed.clock.advance(this.#action.ms);
    bed.server.deliver();
    await bed.clock.advance(0);
    bed.server.deliver();
  }

  toString(): string {
    return JSON.stringify(this.#action);
  }

  #act(model: Model, bed: Bed): void {
    const { topics } = model;
    const { server, stops, watchers } = bed;
    const action = this.#action;
    switch (action.type) {
      case 'publish':
        for (let i = 0; i < action.count; i++) topicOf(topics, action.topic).publish();
        break;
      case 'trim':
        for (const topic of topics) topic.trim(2);
        break;
      case 'restart':
        for (const topic of topics) topic.restart();
        server.close(1006);
        model.counted = false;
        break;
      case 'end':
        server.end(topicOf(topics, action.topic), action.code);
        break;
      case 'close':
        server.close(action.code);
        break;
      case 'bye':
        server.say({ bye: { code: action.code, reason: 'by the test', afterMs: [10, 2_000] } });
        break;
      case 'mischief':
        server.plan(action.mischief);
        break;
      case 'configure':
        stops[action.topic]?.configure({ rateHz: action.rateHz });
        break;
      case 'end pattern':
        server.endPattern(action.code);
        break;
      case 'gossip':
        server.gossip(action.push);
        break;
      case 'refollow':
        stops[action.topic]?.();
        bed.follow(action.topic);
        if (action.topic === 3) model.counted = false;
        break;
      case 'join':
        bed.join(action.behind === 0 ? undefined : bed.saved.at(-action.behind));
        break;
      case 'leave':
        watchers.splice(action.watcher, 1)[0]?.end();
        break;
      case 'advance':
      case 'deliver':
        break;
      default:
        assertNever(action);
    }
  }
}

async function play(happenings: Iterable<fc.AsyncCommand<Model, Bed>>): Promise<void> {
  const topics = (['state', 'table', 'series', 'log'] as const).map((kind) => new ModelTopic(`topic/${kind}`, kind));
  const model: Model = { topics, counted: true };
  const bed = new Bed(topics);
  await fc.asyncModelRun(() => ({ model, real: bed }), happenings);

  bed.server.behave();
  await bed.peace(90);
  // A push that was lost and had no successor is noticed with the next one.
  for (const topic of topics) {
    topic.publish();
    topic.publish();
  }
  await bed.peace(60);
  expect(bed.client.status.type).toBe('live');
  for (const [index, replicas] of bed.seen.entries()) {
    for (const topic of index === 5 ? topics : [topicOf(topics, index)]) {
      const replica = replicas.get(topic);
      expect(replica, `${topic.name} was never heard of`).toBeDefined();
      // One that ended for good comes back with the next session of its pattern.
      if (replica === undefined || (index === 5 && replica.refused !== undefined)) continue;
      expectTruth(topic, replica, stepOf(index));
      expectNewest(topic, replica, stepOf(index));
      if (index === 3 && model.counted && replica.breaks === 0) {
        expect((replica.value() as number[]).length + replica.lost).toBe(topic.head);
      }
    }
  }
  const log = topicOf(topics, 3);
  for (const watcher of bed.watchers) {
    expectToldOnce(watcher, bed.unrecovered);
    expect(watcher.marks.at(-1)).toBe(log.epochs * EPOCH + log.head);
  }
  expect(bed.failures).toEqual([]);
  bed.client.close();
  expect(bed.clock.pending).toBe(0);
}

describe('against a hostile server', () => {
  test('[C18] [C33] [C46] what is held is true at any time and the newest after a time of peace, and each is told all of it once', {
    timeout: 60_000,
  }, async () => {
    const happenings = fc.commands([action.map((one) => new Happening(one))], { maxCommands: 60, size: 'max' });
    await fc.assert(fc.asyncProperty(happenings, play), { numRuns: 200 });
  });
});
