import { applyMergePatch, type JsonValue } from '@tidewall/base';
import {
  DEFAULT_LIMITS,
  ERROR_CODES,
  type ErrorName,
  KINDS,
  OPERATIONS,
  OPERATIONS_OF_KIND,
  type PushFrame,
  type Since,
  type SubscribeReply,
  type TopicKind,
} from '@tidewall/protocol';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from './gateway-bed.contract.ts';
import { gatewayCase } from './websocket/gateway.contract.ts';
import { RawClient } from './websocket/raw-client.contract.ts';
import { WireClient } from './wire-client.contract.ts';

/*
 * The rules of core/protocol/SPEC.md that are the same for every transport, seen from a client of one.
 */

const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  const limits = { commandBurst: 100_000, commandsPerSecond: 100_000, ...options.limits };
  open.bed = await openGatewayBed(gatewayCase.definition, { ...options, limits });
  return open.bed;
}

async function connected(bed: GatewayBed, name?: string): Promise<WireClient> {
  const client = new WireClient(bed, await gatewayCase.dial(bed.port));
  await client.done('connect', { version: 1, ...(name !== undefined && { name }) });
  return client;
}

async function following(client: WireClient, topic: string, options: object = {}): Promise<SubscribeReply> {
  return (await client.done('subscribe', { topic, ...options })) as SubscribeReply;
}

function timesOf(push: PushFrame | undefined): number[] {
  return (push?.d as { t: number[] } | undefined)?.t ?? [];
}

/** Data that the kind takes, another one each time. */
const DATA: { readonly [Kind in TopicKind]: (i: number) => JsonValue } = {
  state: (i) => ({ i, [`k${i}`]: 1 }),
  table: (i) => [{ id: i % 3, i }],
  series: (i) => ({ t: i, i }),
  log: (i) => ({ i }),
  signal: (i) => ({ i }),
};

describe('frames', () => {
  test('[W1] a frame is lines: commands, heartbeats and blank ones, with a carriage return or without', async () => {
    const client = await RawClient.connected((await bedWith()).port);
    client.send('\n  \n{"id":2,"publish":{"topic":"a","data":1}}\r\nping\r\nHeartBeat\n\n{"ping":{"t0":5}}\n');
    const lines = [await client.line(), await client.line(), await client.line(), await client.line()];
    expect(lines).toEqual([
      { text: 'pong' },
      { text: 'HeartBeat' },
      { pong: expect.objectContaining({ t0: 5 }) },
      { id: 2, publish: expect.objectContaining({ offset: 1 }) },
    ]);
  });

  test('[W4] fields that this version does not know are ignored, at every depth', async () => {
    const client = await connected(await bedWith());
    const since = { epoch: 'e', offset: 0, node: 'n9' };
    const command = { subscribe: { topic: 'a', kind: 'log', since, colour: 'red' }, trace: '00-1' };
    expect((await client.ask(command)).subscribe).toMatchObject({ kind: 'log' });
  });

  test('[W9] of several commands in a line the first of the list counts, wherever it stands', async () => {
    const client = await connected(await bedWith());
    const { topic } = await following(client, 'a', { kind: 'state' });
    const commands: readonly [string, object, string][] = [
      ['connect', { version: 1 }, 'bad_request'],
      ['subscribe', { topic: 'a' }, 'already_subscribed'],
      ['unsubscribe', { topic: 0 }, 'not_subscribed'],
      ['configure', { topic }, 'configure'],
      ['publish', { topic: 'b', data: 1 }, 'publish'],
      ['history', { topic: 'nowhere' }, 'unknown_topic'],
      ['presence', { topic: 'b' }, 'presence'],
    ];
    for (const [place, [first, firstBody, outcome]] of commands.entries()) {
      for (const [second, secondBody] of commands.slice(place + 1)) {
        const { id, error, ...answer } = await client.ask({ [second]: secondBody, [first]: firstBody });
        expect(error?.name ?? Object.keys(answer)[0], `${first} before ${second}`).toBe(outcome);
      }
    }
  });

  test('[W10] an error has a code, a name, a message, whether to try again and when, and details', async () => {
    const client = await connected(await bedWith());
    const refused: readonly [object, ErrorName][] = [
      [{ subscribe: { topic: 5 } }, 'bad_request'],
      [{ dance: {} }, 'unknown_command'],
      [{ history: { topic: 'nowhere' } }, 'unknown_topic'],
      [{ publish: { topic: 'a', kind: 'table', data: 1 } }, 'shape_mismatch'],
    ];
    for (const [command, name] of refused) {
      const { code, retryable } = ERROR_CODES[name];
      expect((await client.ask(command)).error).toEqual({
        code,
        name,
        retryable,
        message: expect.stringMatching(/\w/),
        afterMs: expect.any(Number),
        detail: expect.any(Object),
      });
    }
  });

  test('[W27] a clock ping is answered with when it came and when it was answered, by the clock of the server', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    await bed.clock.advance(1234);
    client.send({ ping: { t0: 1.5 } });
    const now = bed.clock.now();
    expect(await client.next()).toEqual({ pong: { t0: 1.5, t1: now, t2: now } });
  });

  test('[W31] connect tells the limits that this server has', async () => {
    const bed = await bedWith({ limits: { subscriptionsPerSession: 7, publicationBytes: 999 } });
    const client = new WireClient(bed, await gatewayCase.dial(bed.port));
    const { limits, pingMs } = await client.done('connect', { version: 1 });
    expect({ ...limits, pingMs }).toEqual({
      frameBytes: DEFAULT_LIMITS.frameBytes,
      publicationBytes: 999,
      subscriptions: 7,
      commandsPerSecond: 100_000,
      commandBurst: 100_000,
      pingMs: DEFAULT_LIMITS.pingMs,
    });
  });
});

describe('subscribe', () => {
  test('[W14] the number is the same for all who get the same bytes, and means nothing to another session', async () => {
    const bed = await bedWith();
    const [a, b, c] = [await connected(bed), await connected(bed), await connected(bed)];
    const { topic } = await following(a, 'x', { fields: ['p', 'q'] });
    expect((await following(b, 'x', { fields: ['q', 'p', 'q'] })).topic).toBe(topic);
    expect((await following(c, 'x', { fields: ['p'] })).topic).not.toBe(topic);
    expect(await c.refused({ unsubscribe: { topic } })).toBe('not_subscribed');
    await bed.publish('x', { p: 1, q: 2, r: 3 });
    for (const client of [a, b]) expect(await client.pushed()).toMatchObject([{ t: topic, d: { p: 1, q: 2 } }]);
    await a.done('unsubscribe', { topic });
    await bed.publish('x', { p: 5, q: 6 });
    expect(await a.pushed()).toEqual([]);
    expect(await b.pushed()).toMatchObject([{ t: topic, d: { p: 5, q: 6 } }]);
  });

  const KEEP = { count: 3 };

  describe.each(KINDS)('to a %s of which the newest 3 of 5 publications are kept', (kind) => {
    async function start(): Promise<{ bed: GatewayBed; client: WireClient; epoch: string }> {
      const bed = await bedWith({ settings: { x: { kind, keep: KEEP } } });
      for (let i = 1; i <= 5; i++) await bed.publish('x', DATA[kind](i));
      const client = await connected(bed);
      const { topic, epoch } = await following(client, 'x');
      await client.done('unsubscribe', { topic });
      await client.pushed();
      return { bed, client, epoch };
    }

    test('[W16] it is recovered exactly from where everything after is kept', async () => {
      const { client, epoch } = await start();
      const positions: readonly [Since, boolean][] = [
        ...[0, 1, 2, 3, 4, 5].map((offset): [Since, boolean] => [
          { epoch, offset },
          kind === 'signal' ? offset === 5 : offset >= 2,
        ]),
        [{ epoch, offset: 6 }, false],
        [{ epoch, offset: Number.MAX_SAFE_INTEGER }, false],
        [{ epoch: `${epoch}x`, offset: 5 }, false],
      ];
      for (const [since, recovered] of positions) {
        const reply = await following(client, 'x', { since });
        expect(reply.recovered, `since ${since.offset}`).toBe(recovered);
        const pushes = await client.pushed();
        if (recovered) {
          expect(reply.offset).toBe(since.offset);
          expect(pushes.some((push) => push.r === 1 || push.gap !== undefined)).toBe(false);
          expect(pushes.at(-1)?.o ?? since.offset).toBe(5);
          expect(pushes.reduce((sum, push) => sum + (push.n ?? 1), 0)).toBe(5 - since.offset);
        }
        await client.done('unsubscribe', { topic: reply.topic });
      }
    });

    test('[W17] what cannot be recovered is void, told as a gap by a log, and gone with a signal', async () => {
      const { bed, client, epoch } = await start();
      for (const since of [
        { epoch, offset: 1 },
        { epoch, offset: 99 },
        { epoch: 'other', offset: 3 },
      ]) {
        const { topic } = await following(client, 'x', { since });
        const [first, ...rest] = await client.pushed();
        if (kind === 'signal') expect(first).toBeUndefined();
        else if (kind === 'log' && since.offset === 1) {
          expect(first?.gap).toEqual({ from: 2, to: 2 });
          expect(rest.map(({ o, d }) => [o, d])).toEqual([3, 4, 5].map((o) => [o, DATA.log(o)]));
        } else {
          expect(first).toMatchObject({ r: 1, o: 5 });
          expect(rest).toEqual([]);
          if (kind === 'log') expect(first?.d).toEqual([3, 4, 5].map(DATA.log));
        }
        await client.done('unsubscribe', { topic });
      }
      const { topic } = await following(client, 'x', { since: { epoch: 'other', offset: 3 } });
      await client.pushed();
      await bed.publish('x', DATA[kind](6));
      expect(await client.pushed()).toMatchObject([{ t: topic, o: 6 }]);
    });

    test('[W18] [W19] without a position it begins with what is held, or with what comes', async () => {
      const { bed, client } = await start();
      const reply = await following(client, 'x');
      expect(reply.recovered).toBe(false);
      expect(reply.keyField).toBe(kind === 'table' ? 'id' : undefined);
      const pushes = await client.pushed();
      if (kind === 'log' || kind === 'signal') expect(pushes).toEqual([]);
      else expect(pushes).toMatchObject([{ r: 1, o: 5 }]);
      // Where the pushes that follow start from.
      expect(reply.offset).toBe(5);
      await bed.publish('x', DATA[kind](6));
      expect(await client.pushed()).toMatchObject([{ o: 6 }]);
    });
  });

  test('[W18] rewind begins so many points or entries before, or so long ago, as far as they are kept', async () => {
    const bed = await bedWith({ settings: { l: { kind: 'log' }, s: { kind: 'series' } } });
    const begin = bed.clock.now();
    for (let i = 0; i < 10; i++) {
      await bed.publish('l', i);
      await bed.publish('s', { t: bed.clock.now(), v: i });
      await bed.clock.advance(begin + (i + 1) * 1000 - bed.clock.now());
    }
    const begun = async (topic: string, rewind: object) => {
      const client = await connected(bed);
      await following(client, topic, { rewind });
      return client.pushed();
    };
    const entries = async (rewind: object) => (await begun('l', rewind)).map(({ d }) => d);
    expect(await entries({ count: 3 })).toEqual([7, 8, 9]);
    expect(await entries({ count: 99 })).toHaveLength(10);
    expect(await entries({ count: 0 })).toEqual([]);
    expect(await entries({ ms: 2500 })).toEqual([8, 9]);
    expect(await entries({ count: 1, ms: 2500 })).toEqual([9]);
    const values = async (rewind: object) =>
      (await begun('s', rewind)).flatMap(({ d }) => (d as unknown as { v: number[] }).v);
    expect(await values({ count: 3 })).toEqual([7, 8, 9]);
    expect(await values({ ms: 2500 })).toEqual([8, 9]);
    expect(await values({ count: 1, ms: 2500 })).toEqual([9]);
    expect(await values({ points: 2 })).toEqual([0, 9]);
    for (const by of ['lttb', 'minmax', 'avg', 'last']) {
      const [first, ...rest] = await begun('s', { points: 4, by });
      expect(first?.r).toBe(1);
      expect(rest).toEqual([]);
      expect(timesOf(first)).toHaveLength(4);
    }
  });

  test('[W20] a kind is what a new name becomes and what an old one must be; the same twice is once', async () => {
    const bed = await bedWith({ limits: { subscriptionsPerSession: 3 } });
    const client = await connected(bed);
    expect((await following(client, 'new', { kind: 'log' })).kind).toBe('log');
    await bed.publish('new', 1);
    expect(await client.pushed()).toMatchObject([{ o: 1, d: 1 }]);
    expect(await client.refused({ subscribe: { topic: 'new' } })).toBe('already_subscribed');
    expect(await client.refused({ subscribe: { topic: 'new', kind: 'state' } })).toBe('wrong_kind');
    await following(client, 'new', { fields: ['a'] });
    await following(client, 'b');
    expect(await client.refused({ subscribe: { topic: 'c' } })).toBe('limit_exceeded');
  });
});

describe('views', () => {
  test('[W37] with a rate the first comes at once, no two come closer, and the last one always', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    await following(client, 'x', { rateHz: 2 });
    const times: number[] = [];
    let last: JsonValue | undefined;
    for (let i = 0; i < 30; i++) {
      if (i < 20) await bed.publish('x', i);
      for (const push of await client.pushed()) {
        times.push(bed.clock.now());
        last = push.d;
      }
      await bed.clock.advance(84);
    }
    expect(times.length).toBeGreaterThanOrEqual(4);
    expect(times.length).toBeLessThanOrEqual(6);
    for (let i = 1; i < times.length; i++) {
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThan(500 - 100);
    }
    expect(last).toBe(19);
  });

  test('[W38] a filter shows what passes, and what comes to be hidden is removed', async () => {
    const bed = await bedWith({ settings: { t: { kind: 'table' }, s: { kind: 'series' }, l: { kind: 'log' } } });
    const client = await connected(bed);
    const filter = ['v', 'gt', 5];
    const numbers = new Map<number, string>();
    for (const topic of ['x', 't', 's', 'l']) numbers.set((await following(client, topic, { filter })).topic, topic);
    const shown = async (topic: string, data: JsonValue): Promise<PushFrame[]> => {
      await bed.publish(topic, data);
      return (await client.pushed()).filter(({ t }) => numbers.get(t) === topic);
    };
    expect(await shown('x', { v: 6 })).toMatchObject([{ d: { v: 6 } }]);
    expect((await shown('x', { v: 1 })).map(({ d }) => d)).toEqual([null]);
    expect(
      await shown('t', [
        { id: 1, v: 6 },
        { id: 2, v: 1 },
      ]),
    ).toMatchObject([{ u: [{ id: 1, v: 6 }] }]);
    expect((await shown('t', { id: 1, v: 0 }))[0]?.x).toEqual([1]);
    expect(await shown('s', { t: [1, 2, 3], v: [9, 0, 8] })).toMatchObject([{ d: { t: [1, 3], v: [9, 8] } }]);
    expect(await shown('l', { v: 1 })).toEqual([]);
    expect(await shown('l', { v: 7 })).toMatchObject([{ o: 2, n: 2, d: { v: 7 } }]);
  });

  test('[W39] fields show those members; a key and a time always; what is no object stays', async () => {
    const bed = await bedWith({ settings: { t: { kind: 'table' }, s: { kind: 'series' }, l: { kind: 'log' } } });
    const client = await connected(bed);
    for (const topic of ['x', 't', 's', 'l']) await following(client, topic, { fields: ['a'] });
    await bed.publish('x', { a: 1, b: 2 });
    await bed.publish('t', { id: 1, a: 1, b: 2 });
    await bed.publish('s', { t: [1], a: [2], b: [3] });
    await bed.publish('l', { a: 1, b: 2 });
    await bed.publish('l', 'text');
    const pushes = await client.pushed();
    expect(pushes.map(({ d, u }) => d ?? u)).toEqual([
      { a: 1 },
      [{ id: 1, a: 1 }],
      { t: [1], a: [2] },
      { a: 1 },
      'text',
    ]);
  });

  test('[W40] with delta, whole values are told by what differs, and make what was sent', async () => {
    const bed = await bedWith({ settings: { t: { kind: 'table' } } });
    const client = await connected(bed);
    const value = (i: number): JsonValue => ({ same: 'x'.repeat(200), i, list: [i] });
    await following(client, 'x', { delta: true });
    await following(client, 't', { delta: true });
    await bed.publish('x', value(0));
    await bed.hub.publish(
      { id: 'p', roles: [] },
      {
        topic: 't',
        op: 'replace',
        data: [
          { id: 1, v: 1 },
          { id: 2, v: 2 },
        ],
      },
    );
    let held = (await client.pushed()).find(({ d }) => d !== undefined && !Array.isArray(d))?.d as JsonValue;
    for (let i = 1; i < 5; i++) {
      await bed.publish('x', value(i));
      const [push] = await client.pushed();
      expect(push?.m).toEqual({ i, list: [i] });
      held = applyMergePatch(held, push?.m as JsonValue);
      expect(held).toEqual(value(i));
    }
    await bed.hub.publish(
      { id: 'p', roles: [] },
      {
        topic: 't',
        op: 'replace',
        data: [
          { id: 2, v: 3 },
          { id: 3, v: 3 },
        ],
      },
    );
    const [{ u, x } = {}] = await client.pushed();
    expect(u).toEqual([
      { id: 2, v: 3 },
      { id: 3, v: 3 },
    ]);
    expect(x?.map(String)).toEqual(['1']);
  });

  test('[W41] [W45] presence tells who is there, who comes and who goes', async () => {
    const bed = await bedWith();
    const [a, b] = [await connected(bed, 'wall'), await connected(bed, 'desk')];
    const { presence } = await following(a, 'x', { presence: true });
    expect(presence).toEqual({ count: 1, members: [{ session: expect.any(String), id: 'anybody', name: 'wall' }] });
    const { topic } = await following(b, 'x');
    expect(await a.pushed()).toMatchObject([{ join: [{ name: 'desk' }], leave: [], count: 2 }]);
    await bed.publish('x', 1);
    expect((await a.done('presence', { topic: 'x' })).members?.map(({ name }) => name).sort()).toEqual([
      'desk',
      'wall',
    ]);
    await b.done('unsubscribe', { topic });
    expect((await a.pushed()).filter(({ leave }) => leave !== undefined)).toMatchObject([
      { join: [], leave: [{ name: 'desk' }], count: 1 },
    ]);
    expect(await a.refused({ presence: { topic: 'nowhere' } })).toBe('unknown_topic');
  });

  test('[W43] configure changes a subscription where it is, under the number of its answer', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    await bed.publish('x', { a: 1, b: 2 });
    const { topic } = await following(client, 'x');
    await client.pushed();
    const slower = await client.done('configure', { topic, rateHz: 1 });
    expect(slower.topic).not.toBe(topic);
    expect(await client.refused({ configure: { topic, rateHz: 2 } })).toBe('not_subscribed');
    expect(await client.pushed()).toEqual([]);
    const chosen = await client.done('configure', { topic: slower.topic, rateHz: null, fields: ['b'] });
    expect(await client.pushed()).toMatchObject([{ t: chosen.topic, r: 1, d: { b: 2 } }]);
    await bed.publish('x', { a: 1, b: 3 });
    expect(await client.pushed()).toMatchObject([{ t: chosen.topic, d: { b: 3 } }]);
    const second = await following(client, 'x', { fields: ['a'] });
    const same = { configure: { topic: second.topic, fields: ['b'] } };
    expect(await client.refused(same)).toBe('already_subscribed');
  });
});

describe('patterns', () => {
  test('[W42] every topic that matches, is there or comes, is announced before its pushes', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    await bed.publish('p/a/v', 1);
    await bed.publish('p/b/w', 2);
    const { topic: number, pattern } = (await client.done('subscribe', { topic: 'p/+/v' })) as {
      topic: number;
      pattern?: string;
    };
    expect(pattern).toBe('p/+/v');
    const [found, first, ...none] = await client.pushed();
    expect(none).toEqual([]);
    expect(found?.new).toMatchObject({ of: number, topic: 'p/a/v', kind: 'state', offset: 1, recovered: false });
    expect(first).toMatchObject({ t: found?.t, r: 1, d: 1 });
    await bed.publish('p/c/v', 3);
    const [later, value] = await client.pushed();
    expect(later?.new).toMatchObject({ of: number, topic: 'p/c/v' });
    expect(value).toMatchObject({ t: later?.t, d: 3 });
    expect(await client.refused({ subscribe: { topic: 'p/+/v' } })).toBe('already_subscribed');
    await client.done('unsubscribe', { topic: number });
    await bed.publish('p/a/v', 4);
    expect(await client.pushed()).toEqual([]);
  });

  test('[W42] positions say where each topic goes on', async () => {
    const bed = await bedWith({ settings: { 'p/a': { kind: 'log' }, 'p/b': { kind: 'log' } } });
    for (let i = 1; i <= 3; i++) for (const topic of ['p/a', 'p/b']) await bed.publish(topic, i);
    const client = await connected(bed);
    const { epoch } = await client.done('history', { topic: 'p/a' });
    await client.done('subscribe', { topic: 'p/#', positions: { 'p/a': { epoch, offset: 1 } } });
    const pushes = await client.pushed();
    const numberOf = (name: string) => pushes.find((push) => push.new?.topic === name)?.t;
    expect(pushes.filter(({ t, d }) => t === numberOf('p/a') && d !== undefined).map(({ d }) => d)).toEqual([2, 3]);
    expect(pushes.filter(({ t, d }) => t === numberOf('p/b') && d !== undefined)).toEqual([]);
    expect(pushes.find((push) => push.new?.topic === 'p/a')?.new?.recovered).toBe(true);
  });

  test('[W42] one that matches more than there is room for is refused, or ended when more come', async () => {
    const bed = await bedWith({ limits: { subscriptionsPerSession: 3, patternsPerSession: 2 } });
    const client = await connected(bed);
    for (const topic of ['p/a', 'p/b', 'p/c', 'p/d', 'q/a', 'q/b']) await bed.publish(topic, 1);
    expect(await client.refused({ subscribe: { topic: 'p/+' } })).toBe('limit_exceeded');
    expect(await client.pushed()).toEqual([]);
    const { topic } = await client.done('subscribe', { topic: 'q/+' });
    await client.done('subscribe', { topic: 'none/+' });
    expect(await client.refused({ subscribe: { topic: 'more/+' } })).toBe('limit_exceeded');
    await client.pushed();
    await bed.publish('q/c', 1);
    await client.pushed();
    await bed.publish('q/d', 1);
    expect(await client.pushed()).toMatchObject([{ t: topic, end: { code: 2001 } }]);
    await bed.publish('q/a', 2);
    expect(await client.pushed()).toEqual([]);
    await following(client, 'p/a');
  });
});

describe('unsubscribe, publish and history', () => {
  test('[W21] unsubscribe is answered with nothing, and nothing more is pushed', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    const { topic } = await following(client, 'x');
    expect(await client.done('unsubscribe', { topic })).toEqual({});
    await bed.publish('x', 1);
    expect(await client.pushed()).toEqual([]);
    expect(await client.refused({ unsubscribe: { topic } })).toBe('not_subscribed');
  });

  test.each(KINDS)(
    '[W22] a %s takes its operations, the first of them if none is named, and no other',
    async (kind) => {
      const bed = await bedWith({ settings: { x: { kind } } });
      const client = await connected(bed);
      const operations: readonly string[] = OPERATIONS_OF_KIND[kind];
      expect(await client.done('publish', { topic: 'x', data: DATA[kind](0) })).toMatchObject({ offset: 1 });
      if (kind !== 'signal') {
        expect((await client.done('history', { topic: 'x' })).entries).toMatchObject([{ o: 1, op: operations[0] }]);
      }
      let offset = 1;
      for (const op of OPERATIONS) {
        const data = op === 'remove' ? [1] : DATA[kind](1);
        if (operations.includes(op)) {
          expect(await client.done('publish', { topic: 'x', op, data })).toMatchObject({ offset: ++offset });
        } else expect(await client.refused({ publish: { topic: 'x', op, data } })).toBe('wrong_kind');
      }
      expect(await client.done('publish', { topic: 'x', data: DATA[kind](2) })).toMatchObject({ offset: offset + 1 });
    },
  );

  test('[W23] history is exact and in pages, either way round, and never in part', async () => {
    const bed = await bedWith({ settings: { x: { kind: 'log', keep: { count: 10 } } } });
    for (let i = 1; i <= 12; i++) await bed.publish('x', i);
    const client = await connected(bed);
    const read = async (body: object) => {
      const { entries, more, offset } = await client.done('history', { topic: 'x', ...body });
      expect(offset).toBe(12);
      expect(entries.every(({ o, d, op }) => o === d && op === 'append')).toBe(true);
      return [entries.map(({ o }) => o), more] as const;
    };
    const { epoch } = await client.done('history', { topic: 'x' });
    expect(await read({})).toEqual([[3, 4, 5, 6, 7, 8, 9, 10, 11, 12], false]);
    expect(await read({ limit: 4 })).toEqual([[3, 4, 5, 6], true]);
    expect(await read({ limit: 4, since: { epoch, offset: 10 } })).toEqual([[11, 12], false]);
    expect(await read({ limit: 4, reverse: true })).toEqual([[12, 11, 10, 9], true]);
    expect(await read({ limit: 4, reverse: true, since: { epoch, offset: 5 } })).toEqual([[4, 3], false]);
    for (const since of [
      { epoch, offset: 1 },
      { epoch, offset: 13 },
      { epoch: 'other', offset: 12 },
    ]) {
      expect(await client.refused({ history: { topic: 'x', since } })).toBe('unrecoverable_position');
    }
  });

  test('[W44] the same key is published once, and a refused publication leaves none', async () => {
    const bed = await bedWith({ limits: { publicationKeys: 2 }, settings: { x: { kind: 'table' } } });
    const client = await connected(bed);
    const publish = (key: string, data: JsonValue = { id: key }) => client.ask({ publish: { topic: 'x', data, key } });
    expect((await publish('a', 'no row')).error?.name).toBe('shape_mismatch');
    expect((await publish('a')).publish?.offset).toBe(1);
    expect((await publish('a', { id: 'other' })).publish?.offset).toBe(1);
    expect((await publish('b')).publish?.offset).toBe(2);
    expect((await publish('c')).publish?.offset).toBe(3);
    expect((await publish('b')).publish?.offset).toBe(2);
    expect((await publish('a')).publish?.offset).toBe(4);
  });
});

describe('pushes', () => {
  test.each(KINDS)('[W24] of a %s lead from where the client is, however they were folded', async (kind) => {
    const bed = await bedWith();
    const client = await connected(bed);
    let run = 0;
    const steps = fc.array(fc.record({ publications: fc.integer({ min: 1, max: 4 }), ends: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (bursts, filtered) => {
        const name = `${kind}/${run++}`;
        const filter = ['i', 'ne', 2];
        const { topic, offset } = await following(client, name, { kind, ...(filtered && { filter }) });
        let position = offset;
        let published = 0;
        for (const { publications, ends } of bursts) {
          for (let i = 0; i < publications; i++) {
            await bed.hub.publish({ id: 'p', roles: [] }, { topic: name, data: DATA[kind](published++ % 5) });
          }
          if (!ends) continue;
          for (const { t, o = 0, n = 1, r } of await client.pushed()) {
            // Of an earlier subscription, pushes may be under way.
            if (t !== topic) continue;
            if (r === undefined) {
              if (filtered) expect(o - n).toBeLessThanOrEqual(position);
              else expect(o - n).toBe(position);
              expect(o).toBeGreaterThan(position);
            }
            position = o;
          }
          if (!filtered) expect(position).toBe(published);
        }
        await client.done('unsubscribe', { topic });
      }),
      { numRuns: 25 },
    );
  });
});
