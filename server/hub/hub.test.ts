import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Access, Push, SomeTopicSettings } from '@tidewall/contracts';
import { DEFAULT_LIMITS, type Limits, parseTopicName, type SubscribeReply, TidewallError } from '@tidewall/protocol';
import { CountingMeter, FakeClock, RecordingEncoding, RecordingOutlet, silentLog } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createHub, type Hub, openAccess } from './index.ts';

const anyone = { id: 'anyone', roles: [] };
const WINDOW = DEFAULT_LIMITS.flushWindowMs;

let hub: Hub;
let clock: FakeClock;
let meter: CountingMeter;

function start(
  options: { settings?: Record<string, SomeTopicSettings>; limits?: Partial<Limits>; access?: Access } = {},
): void {
  clock = new FakeClock();
  meter = new CountingMeter();
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  hub = createHub({
    broker: createMemoryBroker({ random }),
    access: options.access ?? openAccess,
    clock,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    meter,
    log: silentLog,
    random,
    settingsOf: (topic) => options.settings?.[topic],
  });
}

afterEach(() => {
  hub.dispose();
  expect(clock.pending, 'timers left after dispose').toBe(0);
});

const publish = (topic: string, data: unknown, more: object = {}) =>
  hub.publish(anyone, { topic, data: data as never, ...more });

async function watch(topic: string, more: object = {}, outlet = new RecordingOutlet()) {
  const session = hub.open(anyone, outlet);
  let reply: SubscribeReply | undefined;
  let pushesBeforeReply = -1;
  await session.subscribe({ topic, ...more }, (accepted) => {
    reply = accepted;
    pushesBeforeReply = outlet.pushes.length;
  });
  if (!reply) throw new Error('no reply');
  expect(pushesBeforeReply).toBe(0);
  return { session, outlet, reply };
}

/** What a subscriber of a log, series or state holds after these pushes. */
const texts = (pushes: readonly Push[]) => pushes.flatMap((push) => ('json' in push ? [push.json] : []));

async function refusal(promise: Promise<unknown>): Promise<TidewallError> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TidewallError);
  return failure as TidewallError;
}

describe('positions', () => {
  test('[H1] offsets start at 1 and rise by one within an epoch', async () => {
    start();
    const positions = [await publish('a', 1), await publish('a', 2), await publish('a', 3)];
    expect(positions.map((position) => position.offset)).toEqual([1, 2, 3]);
    expect(new Set(positions.map((position) => position.epoch)).size).toBe(1);
  });

  test('[H3] a refused publication has no position and changes nothing', async () => {
    start({ settings: { a: { kind: 'table' } } });
    await publish('a', { id: 1, v: 1 });
    const { outlet } = await watch('a');
    const before = outlet.pushes.length;
    expect((await refusal(publish('a', [{ id: 2 }, { v: 3 }]))).kind).toBe('shape_mismatch');
    await clock.advance(WINDOW * 2);
    expect(outlet.pushes.length).toBe(before);
    expect((await publish('a', { id: 3 })).offset).toBe(2);
    expect(meter.read('tidewall_publications_refused_total{reason=shape_mismatch}')).toBe(1);
  });

  test('[H4] a topic keeps at most its count, and always the newest', async () => {
    start({
      settings: {
        a: { kind: 'log', keep: { count: 3, bytes: 1000 } },
        b: { kind: 'log', keep: { count: 9, bytes: 1 } },
      },
    });
    for (let i = 1; i <= 5; i++) await publish('a', i);
    expect((await hub.history(anyone, { topic: 'a' })).entries.map((entry) => entry.json)).toEqual(['3', '4', '5']);
    await publish('b', 'longer than a byte');
    expect((await hub.history(anyone, { topic: 'b' })).entries).toHaveLength(1);
  });

  test('[H4] what is older than the age is dropped when something newer comes', async () => {
    start({ settings: { a: { kind: 'log', keep: { count: 9, bytes: 999, ageMs: 1000 } } } });
    await publish('a', 'old');
    await clock.advance(1001);
    await publish('a', 'new');
    expect((await hub.history(anyone, { topic: 'a' })).entries.map((entry) => entry.json)).toEqual(['"new"']);
  });
});

describe('subscribing', () => {
  test('[H6] [H7] a known position is recovered with exactly what came after it', async () => {
    start({ settings: { a: { kind: 'log' } } });
    const { epoch } = await publish('a', 1);
    await publish('a', 2);
    await publish('a', 3);
    const { reply, outlet } = await watch('a', { since: { epoch, offset: 1 } });
    expect(reply).toMatchObject({ recovered: true, offset: 1, kind: 'log' });
    expect(texts(outlet.pushes)).toEqual(['2', '3']);
  });

  test('[H6] recovered is true at the edge of what is kept and false one before it', async () => {
    start({ settings: { a: { kind: 'log', keep: { count: 2, bytes: 1000 } } } });
    const { epoch } = await publish('a', 1);
    for (let i = 2; i <= 5; i++) await publish('a', i);
    expect((await watch('a', { since: { epoch, offset: 3 } })).reply.recovered).toBe(true);
    const missed = await watch('a', { since: { epoch, offset: 2 } });
    expect(missed.reply.recovered).toBe(false);
    expect(missed.outlet.pushes[0]).toMatchObject({ type: 'gap', from: 3, to: 3 });
    expect(texts(missed.outlet.pushes)).toEqual(['4', '5']);
  });

  test('[H6] [H8] another epoch, or a position from the future, voids what the subscriber held', async () => {
    start();
    const { epoch } = await publish('a', { v: 1 });
    for (const since of [
      { epoch: 'other', offset: 1 },
      { epoch, offset: 2 },
      { epoch, offset: Number.MAX_SAFE_INTEGER },
    ]) {
      const { reply, outlet } = await watch('a', { since });
      expect(reply.recovered).toBe(false);
      expect(outlet.pushes).toMatchObject([{ type: 'value', reset: true, json: '{"v":1}', offset: 1 }]);
    }
  });

  test('[H8] an unknown epoch of a topic that holds nothing is voided too', async () => {
    start({ settings: { a: { kind: 'series' } } });
    const { outlet } = await watch('a', { since: { epoch: 'before the restart', offset: 7 } });
    expect(outlet.pushes).toMatchObject([{ type: 'value', reset: true, json: '{"t":[]}', offset: 0 }]);
  });

  test('[H6] a signal is recovered only at its head', async () => {
    start({ settings: { s: { kind: 'signal' } } });
    const { epoch } = await publish('s', 1);
    await publish('s', 2);
    expect((await watch('s', { since: { epoch, offset: 2 } })).reply.recovered).toBe(true);
    const behind = await watch('s', { since: { epoch, offset: 1 } });
    expect(behind.reply.recovered).toBe(false);
    expect(behind.outlet.pushes).toEqual([]);
  });

  test('[H9] each kind starts a newcomer in its own way', async () => {
    start({ settings: { s: { kind: 'state' }, t: { kind: 'table' }, c: { kind: 'series' }, l: { kind: 'log' } } });
    await publish('s', 1);
    await publish('t', { id: 'x' });
    await publish('c', { t: 5, v: 1 });
    await publish('l', 1);
    expect(texts((await watch('s')).outlet.pushes)).toEqual(['1']);
    expect(texts((await watch('t')).outlet.pushes)).toEqual(['[{"id":"x"}]']);
    expect(texts((await watch('c')).outlet.pushes)).toEqual(['{"t":[5],"v":[1]}']);
    expect((await watch('l')).outlet.pushes).toEqual([]);
  });

  test('[H9] rewind starts so many points or entries before the head', async () => {
    start({ settings: { l: { kind: 'log' }, c: { kind: 'series' } } });
    for (let i = 1; i <= 5; i++) {
      await publish('l', i);
      await publish('c', { t: [i * 10, i * 10 + 1], v: [i, i] });
    }
    expect(texts((await watch('l', { rewind: { count: 2 } })).outlet.pushes)).toEqual(['4', '5']);
    expect(texts((await watch('l', { rewind: { count: 99 } })).outlet.pushes)).toHaveLength(5);
    expect(texts((await watch('l', { rewind: { count: 0 } })).outlet.pushes)).toEqual([]);
    expect(texts((await watch('c', { rewind: { count: 3 } })).outlet.pushes)).toEqual([
      '{"t":[40,41,50,51],"v":[4,4,5,5]}',
    ]);
  });

  test('[H11] a session follows a topic once, also when it asks twice at the same time', async () => {
    start();
    const session = hub.open(anyone, new RecordingOutlet());
    const results = await Promise.allSettled([
      session.subscribe({ topic: 'a' }, () => {}),
      session.subscribe({ topic: 'a' }, () => {}),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect((await refusal(session.subscribe({ topic: 'a' }, () => {}))).kind).toBe('already_subscribed');
  });

  test('[H11] asking for another kind than the topic is refused; an unused name gets the kind', async () => {
    start();
    expect((await watch('new', { kind: 'log' })).reply.kind).toBe('log');
    expect((await refusal(watch('new', { kind: 'table' }))).kind).toBe('wrong_kind');
    await publish('new', 1);
    expect((await refusal(publish('new', 1, { kind: 'state' }))).kind).toBe('wrong_kind');
  });

  test('[H36] a topic that was only looked at becomes what its publisher says, and its subscribers ask again', async () => {
    start();
    const { outlet, reply } = await watch('later');
    expect(reply.kind).toBe('state');
    await publish('later', { t: 1, v: 2 }, { kind: 'series' });
    expect(outlet.pushes).toMatchObject([{ type: 'end', view: reply.topic, code: 2500 }]);
    const again = await watch('later');
    expect(again.reply.kind).toBe('series');
    expect(texts(again.outlet.pushes)).toEqual(['{"t":[1],"v":[2]}']);
    expect(hub.topics(anyone)).toMatchObject([{ topic: 'later', kind: 'series', watchers: 1 }]);
  });

  test('[H36] two subscribers that disagree do not unsettle each other', async () => {
    start();
    const first = await watch('later', { kind: 'log' });
    expect((await refusal(watch('later', { kind: 'series' }))).kind).toBe('wrong_kind');
    expect(first.outlet.pushes).toEqual([]);
  });

  test('[H36] publishers that come at the same time do not mix kinds', async () => {
    start();
    await watch('later');
    const results = await Promise.allSettled([
      publish('later', 1, { kind: 'log' }),
      publish('later', { t: 1, v: 1 }, { kind: 'series' }),
      publish('later', 2, { kind: 'log' }),
    ]);
    const kept = results.filter((result) => result.status === 'fulfilled').length;
    const { entries, kind } = await hub.history(anyone, { topic: 'later' });
    expect(entries).toHaveLength(kept);
    expect(entries.every(({ json }) => json.startsWith('{"t"') === (kind === 'series'))).toBe(true);
  });

  test('[H31] a command that is refused for its kind leaves no topic behind', async () => {
    start({ settings: { 'plant/1': { kind: 'series' } }, limits: { topics: 2 } });
    await refusal(publish('plant/1', 1, { kind: 'log' }));
    await refusal(watch('plant/1', { kind: 'log' }));
    await clock.advance(1000);
    expect(hub.topics(anyone)).toHaveLength(0);
  });

  test('[H37] a frame that cannot be made refuses the subscribe and leaves nothing; the others go on', async () => {
    start({ limits: { flushWindowMs: 0 } });
    const good = await watch('a');
    await publish('a', 1);
    await clock.advance(0);
    const broken = new RecordingOutlet();
    const session = hub.open(anyone, broken);
    broken.encoding.encode = () => {
      throw new RangeError('too large');
    };
    let replies = 0;
    await expect(session.subscribe({ topic: 'a' }, () => replies++)).rejects.toThrow('too large');
    expect([replies, hub.topics(anyone)[0]?.watchers]).toEqual([0, 1]);
    await publish('a', 2);
    await clock.advance(0);
    expect(texts(good.outlet.pushes)).toEqual(['1', '2']);
  });

  test('[H37] a frame that cannot be made is asked for again, and nothing is taken for delivered', async () => {
    start({ limits: { flushWindowMs: 0 }, settings: { l: { kind: 'log' } } });
    const { outlet } = await watch('l');
    const encode = outlet.encoding.encode;
    outlet.encoding.encode = () => {
      throw new RangeError('too large');
    };
    await publish('l', 1);
    await clock.advance(0);
    outlet.encoding.encode = encode;
    await publish('l', 2);
    await clock.advance(0);
    expect(texts(outlet.pushes)).toEqual(['1', '2']);
  });

  test('unsubscribing ends the pushes, and a number that is not followed is refused', async () => {
    start();
    const { session, outlet, reply } = await watch('a');
    session.unsubscribe(reply.topic);
    await publish('a', 1);
    await clock.advance(WINDOW * 2);
    expect(outlet.pushes).toEqual([]);
    expect(() => session.unsubscribe(reply.topic)).toThrow(TidewallError);
  });
});

describe('pushing', () => {
  test('[H12] a frame is encoded once and the same bytes go to everybody', async () => {
    start();
    const encoding = new RecordingEncoding();
    const outlets = Array.from({ length: 50 }, () => new RecordingOutlet(encoding));
    for (const outlet of outlets) await watch('a', {}, outlet);
    await publish('a', { v: 1 });
    expect(encoding.encoded).toBe(1);
    expect(new Set(outlets.map((outlet) => outlet.frames[0])).size).toBe(1);
  });

  test('[H12] joiners of one moment share the frame of the snapshot, as do those who lack the same', async () => {
    start({ settings: { l: { kind: 'log' } } });
    const encoding = new RecordingEncoding();
    const { epoch } = await publish('l', 1);
    await publish('a', 'x');
    const outlets = Array.from({ length: 20 }, () => new RecordingOutlet(encoding));
    for (const outlet of outlets) await watch('a', {}, outlet);
    expect(encoding.encoded).toBe(1);
    expect(new Set(outlets.map((outlet) => outlet.frames[0])).size).toBe(1);
    for (let i = 0; i < 20; i++) await watch('l', { since: { epoch, offset: 0 } }, new RecordingOutlet(encoding));
    expect(encoding.encoded).toBe(2);
  });

  test('[H35] what is pushed is on one line, however it was written', async () => {
    start({ settings: { l: { kind: 'log' }, s: { kind: 'signal' } } });
    for (const topic of ['a', 'l', 's']) {
      const { outlet } = await watch(topic);
      const json = '{\n "v": "x\\n",\r\n "w": [1,\n2]}\n';
      await publish(topic, JSON.parse(json), { json });
      await clock.advance(WINDOW);
      expect(texts(outlet.pushes)).toEqual(['{"v":"x\\n","w":[1,2]}']);
    }
  });

  test('[H13] the first goes at once, then one write a window for all topics', async () => {
    start();
    const { session, outlet } = await watch('a');
    await session.subscribe({ topic: 'b' }, () => {});
    await publish('a', 1);
    expect(outlet.writes).toBe(1);
    const timers = clock.pending;
    await publish('a', 2);
    await publish('b', 3);
    await publish('a', 4);
    expect(outlet.writes).toBe(1);
    expect(clock.pending, 'one timer a window').toBe(timers + 1);
    await clock.advance(WINDOW);
    expect(outlet.writes).toBe(2);
    expect(texts(outlet.pushes)).toEqual(['1', '4', '3']);
    expect(outlet.pushes[1]).toMatchObject({ n: 2, offset: 3 });
  });

  test('[H13] a window of 0 writes once a turn of the event loop', async () => {
    start({ limits: { flushWindowMs: 0 } });
    const { outlet } = await watch('a');
    await publish('a', 1);
    await publish('a', 2);
    expect(outlet.writes).toBe(0);
    await clock.advance(0);
    expect(outlet.writes).toBe(1);
  });

  test('[H14] merges in one window are folded into one merge', async () => {
    start();
    await publish('a', { keep: true, gone: 1 });
    const { outlet } = await watch('a');
    await publish('a', { x: 1 }, { op: 'merge' });
    await publish('a', { x: 2, y: { z: 1 } }, { op: 'merge' });
    await publish('a', { gone: null }, { op: 'merge' });
    await clock.advance(WINDOW);
    expect(outlet.pushes.slice(2)).toMatchObject([{ type: 'merge', n: 2, json: '{"x":2,"y":{"z":1},"gone":null}' }]);
  });

  test('[H14] merges that no merge can say are sent as the value', async () => {
    start();
    await publish('a', { k: { b: 2 } });
    const { outlet } = await watch('a');
    await publish('a', 0, { op: 'merge' });
    await publish('a', { k: 1 }, { op: 'merge' });
    await publish('a', { k: { a: 1 } }, { op: 'merge' });
    await clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'value', json: '{"k":{"a":1}}', n: 2 });
  });

  test('[H14] a table sends the rows touched and the keys gone', async () => {
    start({ settings: { t: { kind: 'table', keyField: 'k' } } });
    await publish('t', [
      { k: 'a', v: 1 },
      { k: 'b', v: 1 },
    ]);
    const { outlet, reply } = await watch('t');
    expect(reply.keyField).toBe('k');
    await publish('t', { k: 'c' });
    await publish('t', 'a', { op: 'remove' });
    await publish('t', { k: 'b', v: 2 });
    await publish('t', { k: 'd' });
    await publish('t', ['d'], { op: 'remove' });
    await clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({
      type: 'rows',
      n: 4,
      upserts: '[{"k":"b","v":2}]',
      removals: '["a","d"]',
    });
  });

  test('[H15] a stalled session keeps only its offset; it skips to the newest and the others see everything', async () => {
    start({ limits: { flushWindowMs: 0 } });
    const slow = await watch('a');
    const fast = await watch('a');
    slow.outlet.stall();
    for (let i = 1; i <= 20; i++) {
      await publish('a', i);
      await clock.advance(0);
    }
    expect(texts(fast.outlet.pushes)).toHaveLength(20);
    expect(texts(slow.outlet.pushes)).toEqual(['1']);
    slow.outlet.resume();
    slow.session.drained();
    expect(texts(slow.outlet.pushes)).toEqual(['1', '20']);
    expect(slow.outlet.pushes.at(-1)).toMatchObject({ n: 19, offset: 20 });
    await publish('a', 21);
    await clock.advance(0);
    expect(texts(slow.outlet.pushes)).toEqual(['1', '20', '21']);
    expect(meter.read('tidewall_sessions_stalled')).toBe(0);
  });

  test('[H16] a log subscriber that fell behind is told what it missed, then gets the rest', async () => {
    start({ settings: { l: { kind: 'log', keep: { count: 5, bytes: 1000 } } } });
    const { session, outlet } = await watch('l');
    outlet.stall();
    for (let i = 1; i <= 20; i++) {
      await publish('l', i);
      await clock.advance(WINDOW);
    }
    outlet.resume();
    session.drained();
    expect(outlet.pushes[1]).toMatchObject({ type: 'gap', from: 2, to: 15, offset: 15 });
    expect(texts(outlet.pushes)).toEqual(['1', '16', '17', '18', '19', '20']);
  });

  test('[H17] a signal is not repeated to who was behind', async () => {
    start({ settings: { s: { kind: 'signal' } } });
    const { session, outlet } = await watch('s');
    outlet.stall();
    for (let i = 1; i <= 4; i++) {
      await publish('s', i);
      await clock.advance(WINDOW);
    }
    outlet.resume();
    session.drained();
    await publish('s', 5);
    await clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['1', '5']);
  });

  test('[H18] a session that takes nothing for 30 s is closed, one that takes a little is not', async () => {
    start();
    const dead = await watch('a');
    const slow = await watch('a');
    dead.outlet.stall();
    slow.outlet.stall();
    await publish('a', 1);
    for (let i = 0; i < 7; i++) {
      slow.outlet.take(1);
      await clock.advance(5000);
    }
    expect(dead.outlet.closed?.code).toBe('no_progress');
    expect(slow.outlet.closed).toBeUndefined();
    expect(meter.read('tidewall_sessions')).toBe(1);
  });

  test('a slow session gets round to all of its topics', async () => {
    start();
    const { session, outlet } = await watch('a');
    await session.subscribe({ topic: 'b' }, () => {});
    await session.subscribe({ topic: 'c' }, () => {});
    outlet.stall();
    await publish('a', 0);
    for (let round = 1; round <= 3; round++) {
      for (const topic of ['a', 'b', 'c']) await publish(topic, round);
      await clock.advance(WINDOW);
      session.drained();
    }
    const views = outlet.pushes.slice(1).map((push) => push.topic);
    expect(new Set(views).size).toBe(3);
  });
});

describe('ends', () => {
  test('[H19] a session that ends leaves no watcher, and ending twice is harmless', async () => {
    start();
    const { session, outlet } = await watch('a');
    await publish('a', 1);
    session.end();
    session.end();
    await publish('a', 2);
    await clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['1']);
    expect(hub.topics(anyone)).toMatchObject([{ topic: 'a', watchers: 0 }]);
    expect(meter.read('tidewall_sessions')).toBe(0);
  });

  test('[H31] a topic that was only looked at is forgotten after the linger', async () => {
    start();
    const { session } = await watch('only-looked-at');
    expect(hub.topics(anyone)).toHaveLength(1);
    session.end();
    await clock.advance(DEFAULT_LIMITS.lingerMs + 1000);
    expect(hub.topics(anyone)).toHaveLength(0);
  });

  test('[H31] a publication that is refused leaves no topic behind', async () => {
    start();
    await refusal(publish('x', 1, { op: 'append' }));
    await clock.advance(1000);
    expect(hub.topics(anyone)).toHaveLength(0);
  });
});

describe('kinds', () => {
  test('[H20] an operation of another kind is refused and the ones that fit are named', async () => {
    start();
    const error = await refusal(publish('a', 1, { op: 'append' }));
    expect(error).toMatchObject({ kind: 'wrong_kind', detail: { kind: 'state', operations: ['replace', 'merge'] } });
  });

  test.each([
    ['table', { v: 1 }, '.id'],
    ['table', [{ id: 1 }, 7], '[1]'],
    ['table', [{ id: { a: 1 } }], '[0].id'],
    ['series', 'text', ''],
    ['series', { t: 1, v: 'x' }, '.v'],
    [
      'series',
      [
        { t: 1, v: 1 },
        { t: 2, v: true },
      ],
      '[1].v',
    ],
    ['series', { t: [1, 2], v: [1] }, '.v'],
    ['series', { t: [1, null], v: [1, 2] }, '.t[1]'],
  ] as const)('[H21] a %s refuses %j naming the place %s', async (kind, data, path) => {
    start({ settings: { a: { kind } } });
    const error = await refusal(publish('a', data));
    expect(error.kind).toBe('shape_mismatch');
    expect(error.detail).toMatchObject({ path, expected: expect.any(String), got: expect.any(String) });
    expect(error.detail['example']).toBeDefined();
    await publish('a', error.detail['example'], { op: kind === 'table' ? 'upsert' : 'append' });
  });

  test('[H21] a topic with a contract of its own refuses what does not fit it', async () => {
    const mismatch = { path: '.value', expected: 'a number', got: '"x"', example: { value: 1 } };
    start({ settings: { a: { fits: (_op, data) => (data === 'good' ? undefined : mismatch) } } });
    expect((await refusal(publish('a', 'bad'))).detail).toEqual(mismatch);
    await publish('a', 'good');
  });

  test('[H22] a value that merges grow over the limit is refused, and shrinking it is not', async () => {
    start({ limits: { publicationBytes: 1000 } });
    for (let i = 0; i < 9; i++) await publish('a', { [`k${i}`]: 'x'.repeat(80) }, { op: 'merge' });
    expect((await refusal(publish('a', { k10: 'x'.repeat(500) }, { op: 'merge' }))).kind).toBe('limit_exceeded');
    await publish('a', { k0: 'y'.repeat(80) }, { op: 'merge' });
    await publish('a', { k1: null, k2: null, k3: null, k4: null, k5: null, k6: null }, { op: 'merge' });
    await publish('a', { k10: 'x'.repeat(500) }, { op: 'merge' });
  });

  test('[H22] __proto__ in a merge is a member like any other', async () => {
    start();
    await publish('a', JSON.parse('{"__proto__":{"polluted":true},"v":1}'), { op: 'merge' });
    await publish('a', JSON.parse('{"__proto__":{"more":1}}'), { op: 'merge' });
    expect((await hub.snapshot(anyone, 'a')).json).toBe('{"__proto__":{"polluted":true,"more":1},"v":1}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('[H22] the limit of a merged value counts bytes', async () => {
    start({ limits: { publicationBytes: 1000 } });
    await publish('a', { k: '汉'.repeat(200) }, { op: 'merge' });
    expect((await refusal(publish('a', { l: '汉'.repeat(200) }, { op: 'merge' }))).kind).toBe('limit_exceeded');
  });

  test('[H30] a table’s rows and bytes are limited, and making room makes room', async () => {
    start({ settings: { t: { kind: 'table' } }, limits: { tableRows: 3, tableBytes: 100 } });
    await publish('t', [{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect((await refusal(publish('t', { id: 4 }))).message).toContain('limits.tableRows');
    await publish('t', { id: 3, v: 'x'.repeat(50) });
    expect((await refusal(publish('t', { id: 2, v: 'x'.repeat(50) }))).message).toContain('limits.tableBytes');
    await publish('t', [3], { op: 'remove' });
    await publish('t', { id: 2, v: 'x'.repeat(50) });
    await publish('t', [{ id: 'all', v: 'x'.repeat(70) }], { op: 'replace' });
  });

  test('[H30] a series’ columns are limited, in one publication and over many', async () => {
    start({ settings: { c: { kind: 'series' } }, limits: { seriesColumns: 4 } });
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ [`c${i}`]: 1 }));
    expect((await refusal(publish('c', rows))).message).toContain('limits.seriesColumns');
    await publish('c', { t: 1, a: 1, b: 1 });
    await publish('c', { t: 2, c: 1 });
    expect((await refusal(publish('c', { t: 3, d: 1 }))).kind).toBe('limit_exceeded');
    await publish('c', { t: [4], d: [1] }, { op: 'replace' });
  });

  test('[H21] a number that JSON can write and no machine can hold is not a point', async () => {
    start({ settings: { c: { kind: 'series' } } });
    expect((await refusal(publish('c', JSON.parse('{"t":1e400,"v":1}')))).kind).toBe('shape_mismatch');
    expect((await refusal(publish('c', JSON.parse('{"t":[1],"v":[-1e400]}')))).kind).toBe('shape_mismatch');
  });

  test('[H23] rows keep the order in which their keys first came; 1 and "1" are one key', async () => {
    start({ settings: { t: { kind: 'table' } } });
    await publish('t', [{ id: 'b' }, { id: 1 }, { id: '__proto__' }]);
    await publish('t', [
      { id: 'b', v: 2 },
      { id: '1', v: 3 },
    ]);
    expect((await hub.snapshot(anyone, 't')).json).toBe('[{"id":"b","v":2},{"id":"1","v":3},{"id":"__proto__"}]');
    await publish('t', [{ id: 'z' }], { op: 'replace' });
    expect((await hub.snapshot(anyone, 't')).json).toBe('[{"id":"z"}]');
  });

  test('[H24] rows become columns in order of time, with null where a column is lacking', async () => {
    start({ settings: { c: { kind: 'series' } } });
    await publish('c', [
      { t: 20, a: 2 },
      { t: 10, b: 1 },
    ]);
    await publish('c', { v: 5 }, { at: 30 });
    expect((await hub.snapshot(anyone, 'c')).json).toBe(
      '{"t":[10,20,30],"a":[null,2,null],"b":[1,null,null],"v":[null,null,5]}',
    );
    await publish('c', { t: [40], a: [4] }, { op: 'replace' });
    expect((await hub.snapshot(anyone, 'c')).json).toBe('{"t":[40],"a":[4]}');
  });
});

describe('freshness', () => {
  const states = (pushes: readonly Push[]) =>
    pushes.flatMap((push) => (push.type === 'freshness' ? [push.freshness.state] : []));

  test('[H25] late after two cadences, stale after five, ok with the next, each told once', async () => {
    start({ settings: { a: { expectEveryMs: 1000 } } });
    await publish('a', 1);
    const { outlet, reply } = await watch('a');
    expect(reply.freshness).toMatchObject({ state: 'ok', expectEveryMs: 1000 });
    await clock.advance(1900);
    expect(states(outlet.pushes)).toEqual([]);
    await clock.advance(8000);
    expect(states(outlet.pushes)).toEqual(['late', 'stale']);
    await publish('a', 2);
    await clock.advance(WINDOW);
    expect(states(outlet.pushes)).toEqual(['late', 'stale', 'ok']);
  });

  test('[H25] who subscribes to a late topic is told so once', async () => {
    start({ settings: { a: { expectEveryMs: 1000 } } });
    await publish('a', 1);
    await clock.advance(3000);
    const { outlet, reply } = await watch('a');
    await clock.advance(500);
    expect([reply.freshness.state, states(outlet.pushes)]).toEqual(['late', []]);
  });

  test('[H38] nothing is published in the future, whatever its publisher’s clock says', async () => {
    start({ settings: { a: { expectEveryMs: 1000, keep: { count: 9, bytes: 999, ageMs: 1000 } } } });
    await publish('a', 1);
    await publish('a', 2, { at: 8.64e15 });
    expect((await hub.history(anyone, { topic: 'a' })).entries.map((entry) => entry.at)).toEqual([
      clock.now(),
      clock.now(),
    ]);
    await clock.advance(3000);
    expect(meter.rows('tidewall_topic_age_seconds')).toEqual({ a: 3 });
  });

  test('[H25] a topic without a cadence is quiet', async () => {
    start();
    const { reply } = await watch('a');
    expect(reply.freshness.state).toBe('quiet');
  });

  test('[H25] a session that was stalled is told the freshness when it reads again', async () => {
    start({ settings: { a: { expectEveryMs: 1000 } } });
    const { session, outlet } = await watch('a');
    outlet.stall();
    await publish('a', 1);
    await clock.advance(10_000);
    outlet.resume();
    session.drained();
    expect(states(outlet.pushes)).toEqual(['stale']);
  });

  test('[H26] a failing source marks its topic with the reason until it publishes', async () => {
    start();
    const feed = await hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    const { outlet } = await watch('src');
    feed.fail('cannot reach db:5432');
    feed.fail('cannot reach db:5432');
    await clock.advance(WINDOW);
    expect(outlet.pushes).toMatchObject([
      { type: 'freshness', freshness: { state: 'failed', reason: 'cannot reach db:5432' } },
    ]);
    await feed.publish('replace', 1);
    await clock.advance(WINDOW);
    expect(states(outlet.pushes)).toEqual(['failed', 'quiet']);
    feed.fail('again');
    feed.healthy();
    await clock.advance(WINDOW);
    expect((await hub.snapshot(anyone, 'src')).freshness.state).toBe('quiet');
  });

  test('[H27] a jump of the wall clock makes nothing stale and nothing fresh', async () => {
    start({ settings: { a: { expectEveryMs: 1000 } } });
    await publish('a', 1);
    clock.jump(3_600_000);
    expect((await hub.snapshot(anyone, 'a')).freshness.state).toBe('ok');
    await clock.advance(6000);
    clock.jump(-7_200_000);
    expect((await hub.snapshot(anyone, 'a')).freshness.state).toBe('stale');
  });
});

describe('demand', () => {
  test('[H39] a topic whose source rests is quiet, and ages again when somebody watches', async () => {
    start();
    const settings = { kind: 'state', expectEveryMs: 1000 } as const;
    const feed = await hub.feed(parseTopicName('src'), 'one', settings, () => {});
    const state = () => hub.topics(anyone)[0]?.freshness.state;
    expect(state()).toBe('quiet');
    await clock.advance(60_000);
    const first = await watch('src');
    expect([first.reply.freshness.state, state()]).toEqual(['ok', 'ok']);
    await feed.publish('replace', 1);
    await clock.advance(3000);
    expect(state()).toBe('late');
    expect(meter.rows('tidewall_topic_age_seconds')).toEqual({ src: 3 });
    first.session.end();
    await clock.advance(DEFAULT_LIMITS.lingerMs);
    expect([state(), meter.rows('tidewall_topic_age_seconds')]).toEqual(['quiet', {}]);
    expect((await watch('src')).reply.freshness.state).toBe('stale');
  });

  test('[H28] the source hears of the first watcher and, after the linger, of the last', async () => {
    start();
    const heard: boolean[] = [];
    await hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, (watched) => heard.push(watched));
    const first = await watch('src');
    const second = await watch('src');
    expect(heard).toEqual([true]);
    first.session.end();
    second.session.end();
    await clock.advance(DEFAULT_LIMITS.lingerMs - 1);
    expect(heard).toEqual([true]);
    const third = await watch('src');
    await clock.advance(DEFAULT_LIMITS.lingerMs * 2);
    expect(heard).toEqual([true]);
    third.session.end();
    await clock.advance(DEFAULT_LIMITS.lingerMs);
    expect(heard).toEqual([true, false]);
  });

  test('[H28] a source that comes when somebody watches already hears it at once', async () => {
    start();
    await watch('src');
    const heard: boolean[] = [];
    await hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, (watched) => heard.push(watched));
    expect(heard).toEqual([true]);
  });

  test('[H29] a source that gave a topic up has no hand in it any more', async () => {
    start();
    const first = await hub.feed(parseTopicName('src'), 'one', { kind: 'state' }, () => {});
    first.dispose();
    const second = await hub.feed(parseTopicName('src'), 'two', { kind: 'state' }, () => {});
    first.dispose();
    first.fail('not mine');
    expect((await refusal(first.publish('replace', 1))).kind).toBe('conflict');
    expect((await refusal(publish('src', 1))).kind).toBe('permission_denied');
    await second.publish('replace', 2);
    expect((await hub.snapshot(anyone, 'src')).freshness.state).toBe('quiet');
  });

  test('[H36] a source’s settings hold for a topic that was looked at before it came', async () => {
    start();
    const heard: boolean[] = [];
    const { outlet } = await watch('src', { kind: 'table' });
    const said = { kind: 'table', keyField: 'mount', expectEveryMs: 1000 } as const;
    const feed = await hub.feed(parseTopicName('src'), 'disks', said, (watched) => heard.push(watched));
    expect(outlet.pushes).toMatchObject([{ type: 'end', code: 2500 }]);
    await watch('src');
    await feed.publish('upsert', { mount: '/' });
    expect(heard).toEqual([true]);
    await publish('taken', 1);
    expect((await refusal(hub.feed(parseTopicName('taken'), 'disks', said, () => {}))).kind).toBe('conflict');
  });

  test('[H34] the kind is the source’s to say, keeping and cadence are the configuration’s', async () => {
    start({ settings: { src: { kind: 'log', keyField: 'other', keep: { count: 2 }, expectEveryMs: 700 } } });
    const said = { kind: 'table', keyField: 'k', keep: { count: 9 }, expectEveryMs: 1000 } as const;
    const feed = await hub.feed(parseTopicName('src'), 'orders', said, () => {});
    const { epoch } = (await watch('src')).reply;
    for (let i = 0; i < 4; i++) await feed.publish('upsert', { k: i });
    const { reply } = await watch('src', { since: { epoch, offset: 1 } });
    expect(reply).toMatchObject({ kind: 'table', keyField: 'k', recovered: false, freshness: { expectEveryMs: 700 } });
    expect((await watch('src', { since: { epoch, offset: 2 } })).reply.recovered).toBe(true);
  });

  test('[H29] a fed topic refuses other publishers and other sources', async () => {
    start();
    const feed = await hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    expect((await refusal(publish('src', 1))).kind).toBe('permission_denied');
    expect((await refusal(hub.feed(parseTopicName('src'), 'other', { kind: 'state' }, () => {}))).kind).toBe(
      'conflict',
    );
    feed.dispose();
    await publish('src', 1);
  });
});

describe('limits', () => {
  test('[H30] each limit refuses by name', async () => {
    start({ limits: { sessions: 2, topics: 3, subscriptionsPerSession: 1, publicationBytes: 10 } });
    const session = hub.open(anyone, new RecordingOutlet());
    hub.open(anyone, new RecordingOutlet());
    expect(() => hub.open(anyone, new RecordingOutlet())).toThrow('limits.sessions');
    await session.subscribe({ topic: 'a' }, () => {});
    expect((await refusal(session.subscribe({ topic: 'b' }, () => {}))).kind).toBe('limit_exceeded');
    expect((await refusal(publish('a', 'more than ten bytes'))).kind).toBe('limit_exceeded');
    expect((await refusal(publish('a', '四个汉字'))).kind).toBe('limit_exceeded');
    await publish('b', 1);
    await publish('c', 1);
    expect((await refusal(publish('d', 1))).message).toContain('limits.topics');
  });

  test('[H32] history pages without a hole and refuses a position it cannot serve', async () => {
    start({ settings: { l: { kind: 'log', keep: { count: 4, bytes: 1000 } } } });
    for (let i = 1; i <= 6; i++) await publish('l', i);
    const first = await hub.history(anyone, { topic: 'l', limit: 3 });
    expect([first.entries.map((entry) => entry.o), first.more]).toEqual([[3, 4, 5], true]);
    const since = { epoch: first.epoch, offset: 5 };
    const second = await hub.history(anyone, { topic: 'l', limit: 3, since });
    expect([second.entries.map((entry) => entry.json), second.more]).toEqual([['6'], false]);
    const back = await hub.history(anyone, { topic: 'l', limit: 3, reverse: true });
    expect([back.entries.map((entry) => entry.o), back.more]).toEqual([[6, 5, 4], true]);
    const older = await hub.history(anyone, { topic: 'l', reverse: true, since: { epoch: first.epoch, offset: 4 } });
    expect([older.entries.map((entry) => entry.o), older.more]).toEqual([[3], false]);
    for (const bad of [
      { epoch: 'x', offset: 5 },
      { epoch: first.epoch, offset: 1 },
      { epoch: first.epoch, offset: 7 },
    ]) {
      expect((await refusal(hub.history(anyone, { topic: 'l', since: bad }))).kind).toBe('unrecoverable_position');
    }
    expect((await refusal(hub.history(anyone, { topic: 'nothing' }))).kind).toBe('unknown_topic');
  });

  test('[H33] what access does not allow is refused and not listed', async () => {
    start({ access: { may: (who, action, topic) => who.id === 'admin' || (action === 'read' && topic !== 'secret') } });
    const admin = { id: 'admin', roles: [] };
    await hub.publish(admin, { topic: 'secret', data: 1 });
    await hub.publish(admin, { topic: 'open', data: 1 });
    expect((await refusal(publish('open', 1))).kind).toBe('permission_denied');
    expect((await refusal(watch('secret'))).kind).toBe('permission_denied');
    expect((await refusal(hub.snapshot(anyone, 'secret'))).kind).toBe('permission_denied');
    expect((await refusal(hub.history(anyone, { topic: 'open' }))).kind).toBe('permission_denied');
    expect(hub.topics(anyone).map((row) => row.topic)).toEqual(['open']);
  });
});
