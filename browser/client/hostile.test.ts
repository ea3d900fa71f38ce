import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Following, FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { ERROR_CODES, type ErrorName } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
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

async function play(actions: readonly Action[]): Promise<void> {
  const clock = new FakeClock();
  let seed = 1;
  const models = (['state', 'table', 'series', 'log'] as const).map((kind) => new ModelTopic(`topic/${kind}`, kind));
  const server = new HostileServer(models);
  const failures: unknown[] = [];
  const client = createClient({
    url: 'http://hall/',
    transports: [server],
    clock,
    random: () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    failed: (failure) => failures.push(failure),
  });
  const log = models[3] as ModelTopic;
  /** What is followed, by the number that actions give it: what it has brought, and how to end it. */
  const seen: Map<ModelTopic, Replica>[] = [];
  const stops: Following[] = [];
  const stepOf = (index: number) => (index === 4 ? 2 : 1);
  const follow = (index: number) => {
    const options: FollowOptions = { keepCount: 10_000, ...(index === 4 ? { filter: ['even', 'eq', true] } : {}) };
    const replicas = new Map<ModelTopic, Replica>();
    seen[index] = replicas;
    const name = index === 5 ? PATTERN : (models[index] ?? log).name;
    stops[index] = client.follow(name, options, (replica) => {
      const model = models.find((one) => one.name === replica.topic);
      if (model === undefined) return;
      replicas.set(model, replica as Replica);
      expectTruth(model, replica as Replica, stepOf(index));
    });
  };
  for (let index = 0; index < 6; index++) follow(index);
  /** Whether the log has been followed from its first entry on, so that its entries can be counted. */
  let counted = true;

  // Everything is followed from its beginning.
  server.deliver();
  server.deliver();
  expect(client.status.type).toBe('live');

  for (const one of actions) {
    if (one.type === 'publish') for (let i = 0; i < one.count; i++) models[one.topic]?.publish();
    else if (one.type === 'trim') for (const model of models) model.trim(2);
    else if (one.type === 'restart') {
      for (const model of models) model.restart();
      server.close(1006);
      counted = false;
    } else if (one.type === 'end') server.end(models[one.topic] as ModelTopic, one.code);
    else if (one.type === 'close') server.close(one.code);
    else if (one.type === 'bye') server.say({ bye: { code: one.code, reason: 'by the test', afterMs: [10, 2_000] } });
    else if (one.type === 'advance') await clock.advance(one.ms);
    else if (one.type === 'mischief') server.plan(one.mischief);
    else if (one.type === 'configure') stops[one.topic]?.configure({ rateHz: one.rateHz });
    else if (one.type === 'end pattern') server.endPattern(one.code);
    else if (one.type === 'gossip') server.gossip(one.push);
    else if (one.type === 'refollow') {
      stops[one.topic]?.();
      follow(one.topic);
      if (one.topic === 3) counted = false;
    }
    server.deliver();
    await clock.advance(0);
    server.deliver();
  }

  server.behave();
  const peace = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000);
      server.deliver();
    }
  };
  await peace(90);
  // A push that was lost and had no successor is noticed with the next one.
  for (const model of models) {
    model.publish();
    model.publish();
  }
  await peace(60);
  expect(client.status.type).toBe('live');
  for (const [index, replicas] of seen.entries()) {
    for (const model of index === 5 ? models : [models[index] ?? log]) {
      const replica = replicas.get(model);
      expect(replica, `${model.name} was never heard of`).toBeDefined();
      // One that ended for good comes back with the next session of its pattern.
      if (replica === undefined || (index === 5 && replica.refused !== undefined)) continue;
      expectTruth(model, replica, stepOf(index));
      expectNewest(model, replica, stepOf(index));
      if (index === 3 && counted && replica.breaks === 0) {
        expect((replica.value() as number[]).length + replica.lost).toBe(model.head);
      }
    }
  }
  expect(failures).toEqual([]);
  client.close();
  expect(clock.pending).toBe(0);
}

describe('against a hostile server', () => {
  test('[C18] [C33] what is held is true at any time, and the newest after a time of peace', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), play), { numRuns: 200 });
  });
});
