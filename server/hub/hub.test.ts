import type { Standing } from '@tidewall/contracts';
import { DEFAULT_LIMITS, TidewallError } from '@tidewall/protocol';
import { RecordingOutlet } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { anyone, refusal, texts, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();

describe('positions', () => {
  test('[H1] offsets start at 1 and rise by one within an epoch', async () => {
    bed.start();
    const positions = [await bed.publish('a', 1), await bed.publish('a', 2), await bed.publish('a', 3)];
    expect(positions.map((position) => position.offset)).toEqual([1, 2, 3]);
    expect(new Set(positions.map((position) => position.epoch)).size).toBe(1);
  });

  test('[H3] a refused publication has no position and changes nothing', async () => {
    bed.start({ settings: { a: { kind: 'table' } } });
    await bed.publish('a', { id: 1, v: 1 });
    const { outlet } = await bed.watch('a');
    const before = outlet.pushes.length;
    expect((await refusal(bed.publish('a', [{ id: 2 }, { v: 3 }]))).kind).toBe('shape_mismatch');
    await bed.clock.advance(WINDOW * 2);
    expect(outlet.pushes.length).toBe(before);
    expect((await bed.publish('a', { id: 3 })).offset).toBe(2);
    expect(bed.meter.read('tidewall_publications_refused_total{reason=shape_mismatch}')).toBe(1);
  });

  test('[H4] a topic keeps at most its count, and always the newest', async () => {
    bed.start({
      settings: {
        a: { kind: 'log', keep: { count: 3, bytes: 1000 } },
        b: { kind: 'log', keep: { count: 9, bytes: 1 } },
      },
    });
    for (let i = 1; i <= 5; i++) await bed.publish('a', i);
    expect((await bed.hub.history(anyone, { topic: 'a' })).entries.map((entry) => entry.json)).toEqual(['3', '4', '5']);
    await bed.publish('b', 'longer than a byte');
    expect((await bed.hub.history(anyone, { topic: 'b' })).entries).toHaveLength(1);
  });

  test('[H4] what is older than the age is dropped when something newer comes', async () => {
    bed.start({ settings: { a: { kind: 'log', keep: { count: 9, bytes: 999, ageMs: 1000 } } } });
    await bed.publish('a', 'old');
    await bed.clock.advance(1001);
    await bed.publish('a', 'new');
    expect((await bed.hub.history(anyone, { topic: 'a' })).entries.map((entry) => entry.json)).toEqual(['"new"']);
  });
});

describe('subscribing', () => {
  test('[H6] [H7] a known position is recovered with exactly what came after it', async () => {
    bed.start({ settings: { a: { kind: 'log' } } });
    const { epoch } = await bed.publish('a', 1);
    await bed.publish('a', 2);
    await bed.publish('a', 3);
    const { reply, outlet } = await bed.watch('a', { since: { epoch, offset: 1 } });
    expect(reply).toMatchObject({ recovered: true, offset: 1, kind: 'log' });
    expect(texts(outlet.pushes)).toEqual(['2', '3']);
  });

  test('[H6] recovered is true at the edge of what is kept and false one before it', async () => {
    bed.start({ settings: { a: { kind: 'log', keep: { count: 2, bytes: 1000 } } } });
    const { epoch } = await bed.publish('a', 1);
    for (let i = 2; i <= 5; i++) await bed.publish('a', i);
    expect((await bed.watch('a', { since: { epoch, offset: 3 } })).reply.recovered).toBe(true);
    const missed = await bed.watch('a', { since: { epoch, offset: 2 } });
    expect(missed.reply.recovered).toBe(false);
    expect(missed.outlet.pushes[0]).toMatchObject({ type: 'gap', from: 3, to: 3 });
    expect(texts(missed.outlet.pushes)).toEqual(['4', '5']);
  });

  test('[H6] [H8] another epoch, or a position from the future, voids what the subscriber held', async () => {
    bed.start();
    const { epoch } = await bed.publish('a', { v: 1 });
    for (const since of [
      { epoch: 'other', offset: 1 },
      { epoch, offset: 2 },
      { epoch, offset: Number.MAX_SAFE_INTEGER },
    ]) {
      const { reply, outlet } = await bed.watch('a', { since });
      expect(reply.recovered).toBe(false);
      expect(outlet.pushes).toMatchObject([{ type: 'value', reset: true, json: '{"v":1}', offset: 1 }]);
    }
  });

  test('[H8] an unknown epoch of a topic that holds nothing is voided too', async () => {
    bed.start({ settings: { a: { kind: 'series' } } });
    const { outlet } = await bed.watch('a', { since: { epoch: 'before the restart', offset: 7 } });
    expect(outlet.pushes).toMatchObject([{ type: 'value', reset: true, json: '{"t":[]}', offset: 0 }]);
  });

  test('[H6] a signal is recovered only at its head', async () => {
    bed.start({ settings: { s: { kind: 'signal' } } });
    const { epoch } = await bed.publish('s', 1);
    await bed.publish('s', 2);
    expect((await bed.watch('s', { since: { epoch, offset: 2 } })).reply.recovered).toBe(true);
    const behind = await bed.watch('s', { since: { epoch, offset: 1 } });
    expect(behind.reply.recovered).toBe(false);
    expect(behind.outlet.pushes).toEqual([]);
  });

  test('[H9] each kind starts a newcomer in its own way', async () => {
    bed.start({ settings: { s: { kind: 'state' }, t: { kind: 'table' }, c: { kind: 'series' }, l: { kind: 'log' } } });
    await bed.publish('s', 1);
    await bed.publish('t', { id: 'x' });
    await bed.publish('c', { t: 5, v: 1 });
    await bed.publish('l', 1);
    expect(texts((await bed.watch('s')).outlet.pushes)).toEqual(['1']);
    expect(texts((await bed.watch('t')).outlet.pushes)).toEqual(['[{"id":"x"}]']);
    expect(texts((await bed.watch('c')).outlet.pushes)).toEqual(['{"t":[5],"v":[1]}']);
    expect((await bed.watch('l')).outlet.pushes).toEqual([]);
  });

  test('[H9] rewind starts so many points or entries before the head', async () => {
    bed.start({ settings: { l: { kind: 'log' }, c: { kind: 'series' } } });
    for (let i = 1; i <= 5; i++) {
      await bed.publish('l', i);
      await bed.publish('c', { t: [i * 10, i * 10 + 1], v: [i, i] });
    }
    expect(texts((await bed.watch('l', { rewind: { count: 2 } })).outlet.pushes)).toEqual(['4', '5']);
    expect(texts((await bed.watch('l', { rewind: { count: 99 } })).outlet.pushes)).toHaveLength(5);
    expect(texts((await bed.watch('l', { rewind: { count: 0 } })).outlet.pushes)).toEqual([]);
    expect(texts((await bed.watch('c', { rewind: { count: 3 } })).outlet.pushes)).toEqual([
      '{"t":[40,41,50,51],"v":[4,4,5,5]}',
    ]);
  });

  test('[H11] a session follows a topic once, also when it asks twice at the same time', async () => {
    bed.start();
    const session = bed.hub.open(anyone, new RecordingOutlet());
    const results = await Promise.allSettled([
      session.subscribe({ topic: 'a' }, () => {}),
      session.subscribe({ topic: 'a' }, () => {}),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect((await refusal(session.subscribe({ topic: 'a' }, () => {}))).kind).toBe('already_subscribed');
  });

  test('[H11] asking for another kind than the topic is refused; an unused name gets the kind', async () => {
    bed.start();
    expect((await bed.watch('new', { kind: 'log' })).reply.kind).toBe('log');
    expect((await refusal(bed.watch('new', { kind: 'table' }))).kind).toBe('wrong_kind');
    await bed.publish('new', 1);
    expect((await refusal(bed.publish('new', 1, { kind: 'state' }))).kind).toBe('wrong_kind');
  });

  test('[H36] a topic that was only looked at becomes what its publisher says, and its subscribers ask again', async () => {
    bed.start();
    const { outlet, reply } = await bed.watch('later');
    expect(reply.kind).toBe('state');
    await bed.publish('later', { t: 1, v: 2 }, { kind: 'series' });
    expect(outlet.pushes).toMatchObject([{ type: 'end', view: reply.topic, code: 2500 }]);
    const again = await bed.watch('later');
    expect(again.reply.kind).toBe('series');
    expect(texts(again.outlet.pushes)).toEqual(['{"t":[1],"v":[2]}']);
    expect(bed.hub.topics(anyone)).toMatchObject([{ topic: 'later', kind: 'series', watchers: 1 }]);
  });

  test('[H36] two subscribers that disagree do not unsettle each other', async () => {
    bed.start();
    const first = await bed.watch('later', { kind: 'log' });
    expect((await refusal(bed.watch('later', { kind: 'series' }))).kind).toBe('wrong_kind');
    expect(first.outlet.pushes).toEqual([]);
  });

  test('[H36] publishers that come at the same time do not mix kinds', async () => {
    bed.start();
    await bed.watch('later');
    const results = await Promise.allSettled([
      bed.publish('later', 1, { kind: 'log' }),
      bed.publish('later', { t: 1, v: 1 }, { kind: 'series' }),
      bed.publish('later', 2, { kind: 'log' }),
    ]);
    const kept = results.filter((result) => result.status === 'fulfilled').length;
    const { entries, kind } = await bed.hub.history(anyone, { topic: 'later' });
    expect(entries).toHaveLength(kept);
    expect(entries.every(({ json }) => json.startsWith('{"t"') === (kind === 'series'))).toBe(true);
  });

  test('[H31] a command that is refused for its kind leaves no topic behind', async () => {
    bed.start({ settings: { 'plant/1': { kind: 'series' } }, limits: { topics: 2 } });
    await refusal(bed.publish('plant/1', 1, { kind: 'log' }));
    await refusal(bed.watch('plant/1', { kind: 'log' }));
    await bed.clock.advance(1000);
    expect(bed.hub.topics(anyone)).toHaveLength(0);
  });

  test('[H37] a frame that cannot be made refuses the subscribe and leaves nothing; the others go on', async () => {
    bed.start({ limits: { flushWindowMs: 0 } });
    const good = await bed.watch('a');
    await bed.publish('a', 1);
    await bed.clock.advance(0);
    const broken = new RecordingOutlet();
    const session = bed.hub.open(anyone, broken);
    broken.encoding.encode = () => {
      throw new RangeError('too large');
    };
    let replies = 0;
    await expect(session.subscribe({ topic: 'a' }, () => replies++)).rejects.toThrow('too large');
    expect([replies, bed.hub.topics(anyone)[0]?.watchers]).toEqual([0, 1]);
    await bed.publish('a', 2);
    await bed.clock.advance(0);
    expect(texts(good.outlet.pushes)).toEqual(['1', '2']);
  });

  test('[H37] a frame that cannot be made keeps nothing else from a session that reads again', async () => {
    bed.start();
    const { session, outlet } = await bed.watch('x');
    await session.subscribe({ topic: 'y' }, () => {});
    outlet.stall();
    await bed.publish('x', 1);
    await bed.clock.advance(WINDOW);
    for (const topic of ['x', 'x', 'y']) {
      await bed.publish(topic, 2);
      await bed.clock.advance(WINDOW);
    }
    const encode = outlet.encoding.encode.bind(outlet.encoding);
    outlet.encoding.encode = (pushes) => {
      if (pushes[0]?.topic === 'x') throw new Error('broken');
      return encode(pushes);
    };
    outlet.resume();
    session.drained();
    expect(texts(outlet.pushes)).toEqual(['1', '2']);
    outlet.encoding.encode = encode;
    await bed.publish('x', 3);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['1', '2', '3']);
  });

  test('[H37] a frame that cannot be made is asked for again, and nothing is taken for delivered', async () => {
    bed.start({ limits: { flushWindowMs: 0 }, settings: { l: { kind: 'log' } } });
    const { outlet } = await bed.watch('l');
    const encode = outlet.encoding.encode;
    outlet.encoding.encode = () => {
      throw new RangeError('too large');
    };
    await bed.publish('l', 1);
    await bed.clock.advance(0);
    outlet.encoding.encode = encode;
    await bed.publish('l', 2);
    await bed.clock.advance(0);
    expect(texts(outlet.pushes)).toEqual(['1', '2']);
  });

  test('unsubscribing ends the pushes, and a number that is not followed is refused', async () => {
    bed.start();
    const { session, outlet, reply } = await bed.watch('a');
    session.unsubscribe(reply.topic);
    await bed.publish('a', 1);
    await bed.clock.advance(WINDOW * 2);
    expect(outlet.pushes).toEqual([]);
    expect(() => session.unsubscribe(reply.topic)).toThrow(TidewallError);
  });
});

describe('ends', () => {
  test('[H19] a session that ends leaves no watcher, and ending twice is harmless', async () => {
    bed.start();
    const { session, outlet } = await bed.watch('a');
    await bed.publish('a', 1);
    session.end();
    session.end();
    await bed.publish('a', 2);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['1']);
    expect(bed.hub.topics(anyone)).toMatchObject([{ topic: 'a', watchers: 0 }]);
    expect(bed.meter.read('tidewall_sessions')).toBe(0);
  });

  test('[H31] a topic that was only looked at is forgotten after the linger', async () => {
    bed.start();
    const { session } = await bed.watch('only-looked-at');
    expect(bed.hub.topics(anyone)).toHaveLength(1);
    session.end();
    await bed.clock.advance(DEFAULT_LIMITS.lingerMs + 1000);
    expect(bed.hub.topics(anyone)).toHaveLength(0);
  });

  test('[H31] [H54] a publication to a topic that is readOnly leaves none behind', async () => {
    bed.start({ settings: { r: { readOnly: true } } });
    expect((await refusal(bed.publish('r', 1))).kind).toBe('permission_denied');
    await bed.clock.advance(600);
    expect(bed.meter.read('tidewall_topics')).toBe(0);
  });

  test('[H19] [H31] a session that ends while a topic is being opened for it leaves neither', async () => {
    bed.start();
    const session = bed.hub.open(anyone, new RecordingOutlet());
    const asked = session.subscribe({ topic: 'x' }, () => expect.unreachable());
    session.end();
    await asked;
    expect(bed.meter.read('tidewall_subscriptions')).toBe(0);
    await bed.clock.advance(600);
    expect(bed.meter.read('tidewall_topics')).toBe(0);
  });

  test('[H31] a publication that is refused leaves no topic behind', async () => {
    bed.start();
    await refusal(bed.publish('x', 1, { op: 'append' }));
    await bed.clock.advance(1000);
    expect(bed.hub.topics(anyone)).toHaveLength(0);
  });
});

describe('limits', () => {
  test('[H30] each limit refuses by name', async () => {
    bed.start({ limits: { sessions: 2, topics: 3, subscriptionsPerSession: 1, publicationBytes: 10 } });
    const session = bed.hub.open(anyone, new RecordingOutlet());
    bed.hub.open(anyone, new RecordingOutlet());
    expect(() => bed.hub.open(anyone, new RecordingOutlet())).toThrow('limits.sessions');
    await session.subscribe({ topic: 'a' }, () => {});
    expect((await refusal(session.subscribe({ topic: 'b' }, () => {}))).kind).toBe('limit_exceeded');
    expect((await refusal(bed.publish('a', 'more than ten bytes'))).kind).toBe('limit_exceeded');
    expect((await refusal(bed.publish('a', '四个汉字'))).kind).toBe('limit_exceeded');
    await bed.publish('b', 1);
    await bed.publish('c', 1);
    expect((await refusal(bed.publish('d', 1))).message).toContain('limits.topics');
  });

  test('[H32] history pages without a hole and refuses a position it cannot serve', async () => {
    bed.start({ settings: { l: { kind: 'log', keep: { count: 4, bytes: 1000 } } } });
    for (let i = 1; i <= 6; i++) await bed.publish('l', i);
    const first = await bed.hub.history(anyone, { topic: 'l', limit: 3 });
    expect([first.entries.map((entry) => entry.o), first.more]).toEqual([[3, 4, 5], true]);
    const since = { epoch: first.epoch, offset: 5 };
    const second = await bed.hub.history(anyone, { topic: 'l', limit: 3, since });
    expect([second.entries.map((entry) => entry.json), second.more]).toEqual([['6'], false]);
    const back = await bed.hub.history(anyone, { topic: 'l', limit: 3, reverse: true });
    expect([back.entries.map((entry) => entry.o), back.more]).toEqual([[6, 5, 4], true]);
    const older = await bed.hub.history(anyone, {
      topic: 'l',
      reverse: true,
      since: { epoch: first.epoch, offset: 4 },
    });
    expect([older.entries.map((entry) => entry.o), older.more]).toEqual([[3], false]);
    for (const bad of [
      { epoch: 'x', offset: 5 },
      { epoch: first.epoch, offset: 1 },
      { epoch: first.epoch, offset: 7 },
    ]) {
      expect((await refusal(bed.hub.history(anyone, { topic: 'l', since: bad }))).kind).toBe('unrecoverable_position');
    }
    expect((await refusal(bed.hub.history(anyone, { topic: 'nothing' }))).kind).toBe('unknown_topic');
  });

  test('[H33] what access does not allow is refused and not listed', async () => {
    bed.start({
      access: {
        permit: (who, action, topic) =>
          who.id === 'admin' || (action === 'read' && topic !== 'secret') ? {} : undefined,
      },
    });
    const admin = { id: 'admin', roles: [] };
    await bed.hub.publish(admin, { topic: 'secret', data: 1 });
    await bed.hub.publish(admin, { topic: 'open', data: 1 });
    expect((await refusal(bed.publish('open', 1))).kind).toBe('permission_denied');
    expect((await refusal(bed.watch('secret'))).kind).toBe('permission_denied');
    expect((await refusal(bed.hub.snapshot(anyone, 'secret'))).kind).toBe('permission_denied');
    expect((await refusal(bed.hub.history(anyone, { topic: 'open' }))).kind).toBe('permission_denied');
    expect(bed.hub.topics(anyone).map((row) => row.topic)).toEqual(['open']);
  });

  test.each([
    ['gone', 'closed_by_operator'],
    ['expired', 'token_expired'],
    ['changed', 'token_expired'],
  ] as const)('[H64] who is %s is out within a second, and nobody else', async (standing, code) => {
    bed.start();
    let now: Standing = 'stands';
    const outlets = [new RecordingOutlet(), new RecordingOutlet()];
    const sessions = outlets.map((outlet, i) =>
      bed.hub.open({ id: `user:${i}`, roles: [], ...(i === 0 && { standing: () => now }) }, outlet),
    );
    for (const session of sessions) await session.subscribe({ topic: 'a' }, () => {});
    await bed.clock.advance(5000);
    expect(outlets.map(({ closed }) => closed)).toEqual([undefined, undefined]);
    now = standing;
    await bed.clock.advance(1000);
    expect(outlets[0]?.closed?.code).toBe(code);
    await bed.publish('a', 1);
    await bed.clock.advance(WINDOW);
    expect(outlets.map(({ pushes }) => pushes.length)).toEqual([0, 1]);
    expect(bed.meter.read('tidewall_sessions')).toBe(1);
  });

  test('[H64] a session is renewed by the same one, and by nobody else', async () => {
    bed.start();
    let expired = false;
    const first = { id: 'token:a', roles: ['x', 'y'], standing: () => (expired ? 'expired' : 'stands') as Standing };
    const outlet = new RecordingOutlet();
    const session = bed.hub.open(first, outlet);
    expect(() => session.renew({ ...first, id: 'token:b' })).toThrow('of token:a, not of token:b; connect again');
    expect(session.principal).toBe(first);
    session.renew({ id: 'token:a', roles: ['y', 'x'], standing: () => 'stands' });
    expired = true;
    await bed.clock.advance(2000);
    expect(outlet.closed).toBeUndefined();
  });
});
