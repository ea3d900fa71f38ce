import type { JsonValue } from '@tidewall/base';
import {
  KINDS,
  OPERATIONS_OF_KIND,
  type PushFrame,
  parseFilter,
  type SubscribeReply,
  type TidewallError,
  type TopicKind,
} from '@tidewall/protocol';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from './gateway-bed.contract.ts';
import { depthOf, Held } from './held.contract.ts';
import { gatewayCase } from './websocket/gateway.contract.ts';
import { WireClient } from './wire-client.contract.ts';

/*
 * What a stranger may send that is JSON and yet odd: each has one answer, and whoever else is there sees nothing of it.
 */

const RUNS = { numRuns: 60 };
/** Where each run opens connections of its own. */
const FEW_RUNS = { numRuns: 30 };
const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
  expect(Object.keys(Object.prototype), 'no prototype has changed').toEqual([]);
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  const limits = { commandBurst: 1_000_000, commandsPerSecond: 1_000_000, ...options.limits };
  open.bed = await openGatewayBed(gatewayCase.definition, { ...options, limits });
  return open.bed;
}

async function connected(bed: GatewayBed): Promise<WireClient> {
  const client = new WireClient(bed, await gatewayCase.dial(bed.port));
  await client.done('connect', { version: 1 });
  return client;
}

async function following(client: WireClient, topic: string, options: object = {}): Promise<SubscribeReply> {
  return (await client.done('subscribe', { topic, ...options })) as SubscribeReply;
}

/** What a client that comes now holds of a topic. */
async function heldOf(bed: GatewayBed, topic: string, kind: TopicKind, options: object = {}): Promise<unknown> {
  const client = await connected(bed);
  const held = new Held(kind);
  const rewind = kind === 'log' ? { rewind: { count: 1000 } } : {};
  await following(client, topic, { ...rewind, ...options });
  for (const push of await client.pushed()) held.apply(push);
  client.leave();
  return held.all;
}

const quoted = (text: string) => JSON.stringify(text);

describe('positions', () => {
  const offset = fc.oneof(
    fc.integer({ min: 0, max: 12 }).map(String),
    fc.constantFrom('-1', '-0', '0.5', '1e3', '9007199254740991', '9007199254740992', '1e300', '1e400', '"3"', 'null'),
    fc.constantFrom('true', '[]', '{}', '[3]'),
  );
  const epoch = fc.constantFrom('this', 'this', 'this', '"other"', '""', '"__proto__"', '"\\ud800"', '5', 'null', '{}');

  test.each(KINDS)('[W46] of a %s: those that can be are answered, all others refused', async (kind) => {
    const bed = await bedWith({ settings: { x: { kind, keep: { count: 4 } } } });
    const data: Record<TopicKind, (i: number) => JsonValue> = {
      state: (i) => ({ i }),
      table: (i) => ({ id: i % 3, i }),
      series: (i) => ({ t: i, i }),
      log: (i) => i,
      signal: (i) => i,
    };
    const client = await connected(bed);
    const { topic, epoch: current } = await following(client, 'x');
    await client.done('unsubscribe', { topic });
    for (let i = 1; i <= 9; i++) await bed.publish('x', data[kind](i));
    const truth = kind === 'signal' ? [] : await heldOf(bed, 'x', kind);
    await fc.assert(
      fc.asyncProperty(epoch, offset, async (where, at) => {
        const since = `{"epoch":${where === 'this' ? quoted(current) : where},"offset":${at}}`;
        const known = where === 'this';
        const place = Number(at);
        const canBe =
          (known || /^"[^"]+"$/.test(where)) && /^[-\de.]+$/.test(at) && Number.isSafeInteger(place) && place >= 0;
        const kept = known && place <= 9 && (kind === 'signal' ? place === 9 : place >= 5);

        const history = await client.ask(`{"history":{"topic":"x","since":${since}}}`);
        if (!canBe) expect(history.error?.name).toBe('bad_request');
        else if (kind === 'signal') expect(history.error?.name ?? history.history?.entries).toBeDefined();
        else if (!kept) expect(history.error?.name).toBe('unrecoverable_position');
        else expect(history.history?.entries.map(({ o }) => o)).toEqual([6, 7, 8, 9].filter((o) => o > place));

        const { subscribe, error } = await client.ask(`{"subscribe":{"topic":"x","since":${since}}}`);
        const inPattern = await client.ask(`{"subscribe":{"topic":"none/#","positions":{"x":${since}}}}`);
        if (!canBe) {
          expect([error?.name, inPattern.error?.name]).toEqual(['bad_request', 'bad_request']);
          return;
        }
        const reply = subscribe as SubscribeReply;
        expect(reply.recovered).toBe(kept);
        const pushes = await client.pushed();
        if (!kept && kind !== 'signal') {
          const [first] = pushes;
          expect(first?.r === 1 || (kind === 'log' && known && first?.gap !== undefined)).toBe(true);
          const held = new Held(kind);
          for (const push of pushes) held.apply(push);
          expect(held.all).toEqual(truth);
        }
        await client.done('unsubscribe', { topic: reply.topic });
        await client.done('unsubscribe', { topic: inPattern.subscribe?.topic });
      }),
      RUNS,
    );
  });
});

describe('filters', () => {
  test('[W38] deeper or larger than the limits are refused, deeper than any frame end the connection', async () => {
    const bed = await bedWith();
    let client = await connected(bed);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 70 }), fc.constantFrom(1000, 10_000)),
        fc.constantFrom('not', 'and', 'or'),
        async (depth, junction) => {
          const filter = `${`["${junction}",`.repeat(depth - 1)}["v","gt",1]${']'.repeat(depth - 1)}`;
          // What surrounds the filter nests two deep.
          if (depth + 2 > 64) {
            client.send(`{"id":2,"subscribe":{"topic":"x","filter":${filter}}}`);
            expect((await client.closed).code).toBe(4501);
            client = await connected(bed);
            return;
          }
          const { error, subscribe } = await client.ask(`{"subscribe":{"topic":"x","filter":${filter}}}`);
          if (depth <= 8) await client.done('unsubscribe', { topic: subscribe?.topic });
          else expect([error?.name, error?.message]).toEqual(['bad_request', expect.stringContaining('deeper than 8')]);
        },
      ),
      RUNS,
    );
  });

  test('[W38] whatever it is, it is taken or refused by its place, and nothing else suffers', async () => {
    const bed = await bedWith();
    const [client, other] = [await connected(bed), await connected(bed)];
    await following(other, 'x');
    const word = fc.constantFrom(
      'and',
      'or',
      'not',
      'eq',
      'in',
      'exists',
      'lt',
      'v',
      '/v/0',
      '__proto__',
      '/~',
      '\ud800',
    );
    const node = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        word,
        fc.tuple(word, fc.constantFrom('eq', 'lt', 'ne', 'in', 'exists'), fc.jsonValue({ maxDepth: 1 })),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.jsonValue({ maxDepth: 2 }),
      ),
    })).node;
    let published = 0;
    await fc.assert(
      fc.asyncProperty(node, fc.jsonValue({ maxDepth: 2 }), async (some, data) => {
        const filter = JSON.parse(JSON.stringify(some)) as unknown;
        let fault: TidewallError | undefined;
        try {
          parseFilter(filter);
        } catch (failure) {
          fault = failure as TidewallError;
        }
        const { error, subscribe } = await client.ask({ subscribe: { topic: 'x', filter } });
        if (fault) {
          expect(error?.name).toBe('bad_request');
          expect(error?.message).toContain(fault.message);
        }
        await bed.publish('x', data as JsonValue);
        published++;
        expect((await other.pushed()).at(-1)).toMatchObject({ o: published });
        if (subscribe) await client.done('unsubscribe', { topic: subscribe.topic });
      }),
      RUNS,
    );
  });
});

describe('patterns', () => {
  test('[W42] that match more topics than a session may follow are refused, and nobody notices', async () => {
    const bed = await bedWith({ limits: { topics: 6000 } });
    const [client, other] = [await connected(bed), await connected(bed)];
    const PARTS = ['a', 'b', 'c', 'd', 'e'];
    for (let i = 0; i < 5000; i++) {
      const name = [0, 1, 2, 3].map((place) => PARTS[Math.floor(i / 5 ** place) % 5]).join('/');
      await bed.hub.publish({ id: 'p', roles: [] }, { topic: `m/${name}/${Math.floor(i / 625)}`, data: i });
    }
    await following(other, 'calm', { kind: 'log' });
    const part = fc.constantFrom('+', '+', ...PARTS.slice(0, 2));
    let published = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
        const pattern = ['m', ...parts, '#'].join('/');
        const fixed = parts.filter((one) => one !== '+').length;
        const matching = 5000 / 5 ** fixed;
        const { error, subscribe } = await client.ask({ subscribe: { topic: pattern } });
        const pushes = await client.pushed();
        if (matching > 256) {
          refused++;
          expect(error?.name).toBe('limit_exceeded');
          expect(pushes).toEqual([]);
        } else {
          expect(pushes.filter((push) => push.new !== undefined)).toHaveLength(matching);
          await client.done('unsubscribe', { topic: subscribe?.topic });
        }
        await bed.publish('calm', ++published);
        expect(await other.pushed()).toMatchObject([{ o: published, d: published }]);
      }),
      FEW_RUNS,
    );
    expect(refused).toBeGreaterThan(5);
  });
});

/** Names and texts that mean something to JavaScript, or are half of something. */
const oddName = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '\ud800',
  'a\udc00',
  '',
  'a',
);
const oddValue = fc.letrec<{ node: JsonValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonValue>(0, 1, true, 'x', '\ud83c', '\udf0a\ud83c', '\u0000', '\u2028'),
    fc.array(tie('node'), { maxLength: 2 }),
    fc.array(fc.tuple(oddName, fc.oneof(tie('node'), fc.constant(null))), { maxLength: 3 }).map(objectOf),
  ),
})).node;

function objectOf(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  return Object.fromEntries(entries) as JsonValue;
}

interface Step {
  readonly op: string;
  readonly data: JsonValue;
}

/** Publications of each kind whose names and texts are odd. */
const ODD_STEPS: { readonly [Kind in Exclude<TopicKind, 'signal'>]: fc.Arbitrary<Step> } = {
  state: fc.record({ op: fc.constantFrom('replace', 'merge', 'merge'), data: oddValue }),
  table: fc.oneof(
    fc.record({
      op: fc.constantFrom('upsert', 'upsert', 'replace'),
      data: fc.array(
        fc.tuple(oddName, oddName, oddValue).map(([id, name, value]) =>
          objectOf([
            ['id', id],
            [name, value],
          ]),
        ),
        { maxLength: 3 },
      ),
    }),
    fc.record({ op: fc.constant('remove'), data: fc.array(oddName, { maxLength: 2 }) }),
  ),
  series: fc.record({
    op: fc.constantFrom('append', 'append', 'replace'),
    data: fc
      .uniqueArray(oddName, { maxLength: 3 })
      .map((names) => objectOf([['t', [1, 2]], ...names.map((name): [string, JsonValue] => [name, [1, null]])])),
  }),
  log: fc.record({ op: fc.constant('append'), data: oddValue }),
};

describe('names and texts', () => {
  test.each(Object.keys(ODD_STEPS) as (keyof typeof ODD_STEPS)[])(
    '[W47] [W48] of a %s arrive as they were sent, live, late, by delta and in history',
    async (kind) => {
      const bed = await bedWith();
      const [writer, plain, delta] = [await connected(bed), await connected(bed), await connected(bed)];
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(ODD_STEPS[kind], { minLength: 1, maxLength: 6 }), async (steps) => {
          const topic = `${kind}/${run++}`;
          const readers = [plain, delta].map((client) => ({ client, held: new Held(kind) }));
          const numbers = [
            (await following(plain, topic, { kind })).topic,
            (await following(delta, topic, { kind, delta: true })).topic,
          ];
          const sent = new Held(kind);
          for (const { op, data } of steps) {
            await writer.done('publish', { topic, op, data });
            sent.apply(pushOf(kind, op, data));
          }
          for (const [i, { client, held }] of readers.entries()) {
            for (const push of await client.pushed()) if (push.t === numbers[i]) held.apply(push);
            expect(held.all).toEqual(sent.all);
            await client.done('unsubscribe', { topic: numbers[i] });
          }
          expect(await heldOf(bed, topic, kind)).toEqual(sent.all);
          const { entries } = await writer.done('history', { topic });
          const told = new Held(kind);
          for (const { op, d } of entries) told.apply(pushOf(kind, op, d));
          expect(told.all).toEqual(sent.all);
        }),
        FEW_RUNS,
      );
    },
  );

  test('[W47] of members with one name, and of rows with one key, the last counts', async () => {
    const bed = await bedWith({ settings: { t: { kind: 'table' } } });
    const client = await connected(bed);
    for (const topic of ['x', 't']) await following(client, topic);
    await client.ask('{"publish":{"topic":"x","data":{"a":1,"__proto__":2,"a":3,"__proto__":4}}}');
    await client.ask('{"publish":{"topic":"t","data":[{"id":1,"v":1},{"id":"1","v":2},{"id":1,"v":3,"v":4}]}}');
    const [state, rows] = await client.pushed();
    expect(JSON.stringify(state?.d)).toBe('{"a":3,"__proto__":4}');
    expect(await heldOf(bed, 't', 'table')).toEqual([{ id: 1, v: 4 }]);
    expect(rows?.u?.at(-1)).toEqual({ id: 1, v: 4 });
  });

  test('[W47] a topic, a field, a key and a position may be called __proto__', async () => {
    const bed = await bedWith({ settings: { t: { kind: 'table', keyField: '__proto__' } } });
    const client = await connected(bed);
    await client.done('publish', { topic: '__proto__', kind: 'log', data: 1 });
    await client.done('publish', { topic: '__proto__', data: 2 });
    const { epoch } = await client.done('history', { topic: '__proto__' });
    await client.ask(`{"subscribe":{"topic":"+","positions":{"__proto__":{"epoch":"${epoch}","offset":1}}}}`);
    const pushes = await client.pushed();
    expect(pushes.find((push) => push.new?.topic === '__proto__')?.new?.recovered).toBe(true);
    expect(pushes.filter(({ d }) => d !== undefined)).toMatchObject([{ o: 2, d: 2 }]);
    await client.ask('{"subscribe":{"topic":"t","filter":["__proto__","ne",2],"fields":["v"]}}');
    await client.ask('{"publish":{"topic":"t","data":[{"__proto__":1,"v":1,"w":1},{"__proto__":2,"v":2}]}}');
    const shown = (await client.pushed()).filter((push: PushFrame) => push.u !== undefined);
    expect(JSON.stringify(shown.at(-1)?.u)).toBe('[{"__proto__":1,"v":1}]');
    await client.ask('{"subscribe":{"topic":"s","fields":["__proto__"]}}');
    await client.ask('{"publish":{"topic":"s","data":{"__proto__":{"a":1},"v":1}}}');
    expect((await client.pushed()).map(({ d }) => JSON.stringify(d))).toContain('{"__proto__":{"a":1}}');
  });

  test('[W48] a name of a topic with half of a pair, or with nothing that is a name, is refused', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    const part = fc.constantFrom(
      'a',
      '+',
      '#',
      '',
      '.',
      '..',
      ' ',
      '\ud800',
      '\udc00',
      '*',
      '\u0000',
      '产',
      '🌊',
      '__proto__',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
        const topic = parts.join('/');
        const name = parts.length > 0 && parts.every((one) => ['a', '产', '__proto__'].includes(one));
        const { error, publish } = await client.ask({ publish: { topic, data: 1 } });
        if (name) expect(publish?.offset).toBeGreaterThan(0);
        else expect(error?.name).toBe('bad_request');
      }),
      RUNS,
    );
  });
});

/** A publication as a push of it would say it: what the rules of the kinds make of it. */
function pushOf(kind: TopicKind, op: string, data: JsonValue): PushFrame {
  if (op === 'merge') return { t: 0, m: data };
  if (op === 'remove') return { t: 0, x: data as string[] };
  if (op === 'upsert') return { t: 0, u: data as never };
  return op === 'replace' && kind === 'series' ? { t: 0, d: data, r: 1 } : { t: 0, d: data };
}

describe('numbers', () => {
  const digits = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }).map((list) => String(BigInt(list.join(''))));
  const ends = fc.constantFrom('', '.5', '.123456789012345678901', 'e5', 'E-30', 'e270', 'e-400');
  const number = fc.oneof(
    fc.tuple(fc.constantFrom('', '-'), digits, ends).map((parts) => parts.join('')),
    fc.constantFrom('9007199254740993', '-9007199254740993', '1.7976931348623157e308', '5e-324', '-0', '0.1', '1E2'),
  );
  const TEXTS = {
    state: (a: string, b: string) => `{"v":${a},"w":[${b}]}`,
    table: (a: string, b: string) => `[{"id":1,"v":${a}},{"id":2,"v":${b}}]`,
    series: (a: string, b: string) => `{"t":[1,2],"v":[${a},${b}]}`,
    log: (a: string, b: string) => `{"v":[${a},${b}]}`,
  };

  test.each(Object.keys(TEXTS) as (keyof typeof TEXTS)[])(
    '[W49] in a %s are to a reader of doubles what was sent, however often the hub wrote them anew',
    async (kind) => {
      const bed = await bedWith();
      const writer = await connected(bed);
      // The text as it came, what differs, and what is chosen of it: each is written by the hub in its own way.
      const views = [{}, { delta: true }, { fields: ['v', 'w'], filter: ['v', 'exists', true] }];
      const clients = await Promise.all(views.map(() => connected(bed)));
      let run = 0;
      await fc.assert(
        fc.asyncProperty(number, number, number, number, async (a, b, c, d) => {
          const topic = `${kind}/${run++}`;
          const readers = await Promise.all(
            clients.map(async (client, i) => {
              const reply = await following(client, topic, { kind, ...views[i] });
              return { client, number: reply.topic, held: new Held(kind) };
            }),
          );
          const sent = new Held(kind);
          const [first] = OPERATIONS_OF_KIND[kind];
          const then = kind === 'state' ? 'merge' : first;
          for (const [op, data] of [
            [first, TEXTS[kind](a, b)],
            [then, TEXTS[kind](c, d)],
            [first, TEXTS[kind](a, d)],
          ] as const) {
            const { error } = await writer.ask(`{"publish":{"topic":"${topic}","op":"${op}","data":${data}}}`);
            expect(error).toBeUndefined();
            sent.apply(pushOf(kind, op, JSON.parse(data) as JsonValue));
            for (const { client, number: t, held } of readers) {
              for (const push of await client.pushed()) if (push.t === t) held.apply(push);
            }
          }
          for (const { client, number: t, held } of readers) {
            expect(signless(held.all)).toEqual(signless(sent.all));
            await client.done('unsubscribe', { topic: t });
          }
          expect(signless(await heldOf(bed, topic, kind))).toEqual(signless(sent.all));
        }),
        FEW_RUNS,
      );
    },
  );

  test('[W49] that no double holds are refused wherever they stand, and the connection goes on', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    const exponent = fc.integer({ min: 310, max: 99_999 }).map((e) => `1e${e}`);
    const large = fc.oneof(
      exponent,
      fc.integer({ min: 310, max: 2000 }).map((n) => `-1${'0'.repeat(n)}`),
    );
    const path = fc.array(fc.constantFrom('{"v":', '[', '{"__proto__":', '[0,'), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...KINDS), path, large, async (kind, opened, text) => {
        const closed = opened.map((one) => (one.startsWith('{') ? '}' : ']')).reverse();
        const data = [...opened, text, ...closed].join('');
        const command = `{"publish":{"topic":"n/${kind}","kind":"${kind}","data":${data}}}`;
        expect((await client.ask(command)).error?.name).toBe('shape_mismatch');
        expect(await client.refused({ history: { topic: `n/${kind}` } })).toBe('unknown_topic');
      }),
      RUNS,
    );
    for (const command of ['{"unsubscribe":{"topic":1e400}}', '{"subscribe":{"topic":"x","rateHz":1e400}}']) {
      expect(await client.refused(command)).toBe('bad_request');
    }
  });

  test('[W49] that are not exact identify no row: two rows never become one', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    const key = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n });
    const near = fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.oneof(key, near), { minLength: 1, maxLength: 4 }), async (keys) => {
        const topic = `rows/${run++}`;
        const exact = keys.every((one) => one < 2n ** 53n && one > -(2n ** 53n));
        const rows = keys.map((one) => `{"id":${one}}`).join(',');
        const { error } = await client.ask(`{"publish":{"topic":"${topic}","kind":"table","data":[${rows}]}}`);
        if (!exact) expect(error?.name).toBe('shape_mismatch');
        else expect(await heldOf(bed, topic, 'table')).toHaveLength(keys.length);
      }),
      FEW_RUNS,
    );
  });
});

/** With 0 for −0, which JSON.stringify writes so. */
function signless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

describe('merges', () => {
  const nested = (depth: number, leaf: string) => `${'{"a":'.repeat(depth)}${leaf}${'}'.repeat(depth)}`;

  test('[W50] nest as deep as a frame may, and make nothing deeper than what was sent', async () => {
    const bed = await bedWith();
    let client = await connected(bed);
    const depth = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(1000, 10_000, 20_000));
    const leaf = fc.constantFrom('1', 'null', '{}', '{"b":2}', '[]');
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(depth, leaf), { minLength: 1, maxLength: 5 }), async (patches) => {
        const topic = `merge/${run++}`;
        const sent = new Held('state');
        let deepest = 0;
        for (const [levels, end] of patches) {
          const data = nested(levels, end);
          const command = `"publish":{"topic":"${topic}","op":"merge","data":${data}}}`;
          // Two brackets stand around the data.
          if (levels + (/[[{]/.test(end) ? 1 : 0) + 2 > 64) {
            client.send(`{"id":9,${command}`);
            expect((await client.closed).code).toBe(4501);
            client = await connected(bed);
            continue;
          }
          expect((await client.ask(`{${command}`)).publish).toBeDefined();
          const patch = JSON.parse(data) as JsonValue;
          deepest = Math.max(deepest, depthOf(patch));
          sent.apply({ t: 0, m: patch });
        }
        const held = sent.all === undefined ? undefined : await heldOf(bed, topic, 'state');
        expect(held).toEqual(sent.all);
        expect(depthOf((held ?? null) as JsonValue)).toBeLessThanOrEqual(deepest);
      }),
      FEW_RUNS,
    );
  });

  test('[W50] a line of the server nests no more than four deeper than its data', async () => {
    const bed = await bedWith({ settings: { l: { kind: 'log' } } });
    const client = await connected(bed);
    const data = nested(62, '1');
    for (const topic of ['l', 'x']) await client.ask(`{"publish":{"topic":"${topic}","data":${data}}}`);
    const { epoch } = await client.done('history', { topic: 'l' });
    const reader = await connected(bed);
    const lines = [await reader.ask('{"history":{"topic":"l"}}'), await reader.ask('{"history":{"topic":"x"}}')];
    await following(reader, 'l', { since: { epoch: `${epoch}x`, offset: 0 } });
    await following(reader, 'x');
    for (const line of [...lines, ...(await reader.pushed())]) {
      expect(depthOf(line as unknown as JsonValue)).toBeLessThanOrEqual(62 + 4);
    }
  });
});

describe('ids', () => {
  test('[W6] that are given twice are answered twice, each in its place', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    const id = fc.constantFrom(0, 1, 2, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER);
    const body = fc.constantFrom<object>(
      { publish: { topic: 'a', data: 1 } },
      { publish: { topic: '', data: 1 } },
      { history: { topic: 'nowhere' } },
      { dance: {} },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(id, body), { minLength: 1, maxLength: 12 }), async (commands) => {
        client.send(...commands.map(([one, command]) => ({ id: one, ...command })));
        for (const [one, command] of commands) {
          const reply = await client.reply();
          expect(reply.id).toBe(one);
          const wanted = 'publish' in command && (command.publish as { topic: string }).topic === 'a';
          expect(reply.publish !== undefined).toBe(wanted);
        }
      }),
      RUNS,
    );
  });

  test.each(['1e400', '9007199254740992', '0.5', '"1"', 'null', '[1]', '{}', 'true'])(
    '[W8] %s is none: the answer has the id 0',
    async (id) => {
      const client = await connected(await bedWith());
      client.send(`{"id":${id},"publish":{"topic":"a","data":1}}`);
      expect(await client.reply()).toMatchObject({ id: 0, error: { name: 'bad_request' } });
    },
  );
});
