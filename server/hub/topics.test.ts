import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { SomeTopicSettings } from '@tidewall/contracts';
import { DEFAULT_LIMITS, type Limits, type Position, type TopicName } from '@tidewall/protocol';
import { CountingMeter, FakeClock, RecordingEncoding, RecordingOutlet, silentLog } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { createHub } from './hub.ts';
import { anyone, refusal, texts, useHubBed, WINDOW } from './hub-bed.contract.ts';
import { openAccess } from './index.ts';

const bed = useHubBed();

describe('keys', () => {
  test('[H52] a publication with a known key is not made again, and answers the same position', async () => {
    bed.start({ settings: { l: { kind: 'log' } } });
    const { outlet } = await bed.watch('l');
    const first = await bed.publish('l', 'once', { key: 'k' });
    const both = await Promise.all([bed.publish('l', 'x', { key: 'm' }), bed.publish('l', 'x', { key: 'm' })]);
    expect(await bed.publish('l', 'other', { key: 'k' })).toEqual(first);
    expect(both[0]).toEqual(both[1]);
    expect(await bed.publish('l', 'without')).toMatchObject({ offset: 3 });
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['"once"', '"x"', '"without"']);
    expect(bed.meter.read('tidewall_publications_repeated_total')).toBe(2);
    expect(bed.meter.read('tidewall_publications_total')).toBe(3);
  });

  test('[H52] keys are of their topic; a refused publication leaves none; the oldest are forgotten', async () => {
    bed.start({ settings: { t: { kind: 'table' } }, limits: { publicationKeys: 2 } });
    expect((await refusal(bed.publish('t', 'no row', { key: 'k' }))).kind).toBe('shape_mismatch');
    expect(await bed.publish('t', { id: 1 }, { key: 'k' })).toMatchObject({ offset: 1 });
    expect(await bed.publish('u', 1, { key: 'k' })).toMatchObject({ offset: 1 });
    await bed.publish('t', { id: 2 }, { key: 'k2' });
    await bed.publish('t', { id: 3 }, { key: 'k3' });
    expect(await bed.publish('t', { id: 3 }, { key: 'k3' })).toMatchObject({ offset: 3 });
    expect(await bed.publish('t', { id: 1 }, { key: 'k' })).toMatchObject({ offset: 4 });
  });
});

describe('order', () => {
  test.each([false, true])(
    '[H57] what is published one after another is ordered so, also to a new topic (followed: %s)',
    async (followed) => {
      bed.start({ settings: { l: { kind: 'log' } } });
      if (followed) await bed.watch('l');
      const made: Promise<Position>[] = [];
      for (let i = 1; i <= 3; i++) made.push(bed.publish('l', i));
      // Each in another turn of the queue, while the first may still wait for the topic to open.
      for (let i = 4; i <= 20; i++) {
        await Promise.resolve();
        made.push(bed.publish('l', i));
      }
      expect((await Promise.all(made)).map((position) => position.offset)).toEqual(made.map((_, i) => i + 1));
      const page = await bed.hub.history(anyone, { topic: 'l' });
      expect(page.entries.map((entry) => entry.json)).toEqual(made.map((_, i) => String(i + 1)));
    },
  );
});

describe('rewind', () => {
  const minute = 60_000;

  async function aDay() {
    bed.start({ settings: { s: { kind: 'series', keep: { count: 10_000 } }, l: { kind: 'log' } } });
    for (let i = 0; i < 1440; i++) {
      await bed.publish('s', { v: i === 777 ? 1e6 : i % 60, w: -i });
      if (i % 20 === 0) await bed.publish('l', i);
      await bed.clock.advance(minute);
    }
  }

  test.each(['lttb', 'minmax', 'avg', 'last'] as const)(
    '[H53] by %s: no more points than asked, then live without a gap or a repeat',
    async (by) => {
      await aDay();
      const { outlet, reply } = await bed.watch('s', { rewind: { points: 100, by } });
      const [first] = outlet.pushes;
      expect(first).toMatchObject({ type: 'value', reset: true, offset: 1440 });
      const columns = JSON.parse(texts(outlet.pushes)[0] as string) as { t: number[]; v: number[]; w: number[] };
      expect(Object.keys(columns)).toEqual(['t', 'v', 'w']);
      expect(columns.t.length).toBeLessThanOrEqual(100);
      expect(columns.t.length).toBeGreaterThan(50);
      expect([...columns.t].sort((a, b) => a - b)).toEqual(columns.t);
      if (by === 'minmax' || by === 'lttb') expect(Math.max(...columns.v)).toBe(1e6);
      await bed.publish('s', { v: 1, w: 2 });
      expect(outlet.pushes[1]).toMatchObject({ type: 'value', reset: false, offset: 1441, n: 1 });
      expect(reply).toMatchObject({ offset: 1440, recovered: false });
    },
  );

  test('[H53] by time: what is younger, exactly, of a series and of a log', async () => {
    await aDay();
    const now = bed.clock.now();
    const hour = await bed.watch('s', { rewind: { ms: 60 * minute } });
    const { t } = JSON.parse(texts(hour.outlet.pushes)[0] as string) as { t: number[] };
    expect(t).toHaveLength(60);
    expect(t[0]).toBe(now - 60 * minute);
    const both = await bed.watch('s', { rewind: { ms: 60 * minute, count: 7 } });
    expect((JSON.parse(texts(both.outlet.pushes)[0] as string) as { t: number[] }).t).toHaveLength(7);
    const entries = await bed.watch('l', { rewind: { ms: 60 * minute } });
    expect(texts(entries.outlet.pushes)).toEqual(['1380', '1400', '1420']);
    const last = await bed.watch('l', { rewind: { ms: 60 * minute, count: 2 } });
    expect(texts(last.outlet.pushes)).toEqual(['1400', '1420']);
  });

  test('[H53] by time: also of a series that nothing is published to any more', async () => {
    bed.start({ settings: { s: { kind: 'series' } } });
    const encoding = new RecordingEncoding();
    const begin = async () => {
      const { outlet } = await bed.watch('s', { rewind: { ms: 1000 } }, new RecordingOutlet(encoding));
      return texts(outlet.pushes)[0];
    };
    await begin();
    await bed.publish('s', { v: 1 });
    expect(await begin()).toContain('"v":[1]');
    await bed.clock.advance(1001);
    expect(await begin()).toBe('{"t":[],"v":[]}');
  });

  test('[H15] [H53] who does not read when it asks is given the part that it asked for later', async () => {
    bed.start({ settings: { s: { kind: 'series', expectEveryMs: 1000 } } });
    for (let i = 0; i < 20; i++) await bed.publish('s', { t: i, v: i });
    const { session, outlet } = await bed.watch('x');
    outlet.stall();
    await bed.publish('x', 1);
    await session.subscribe({ topic: 's', rewind: { count: 3, points: 10 } }, () => {});
    await bed.clock.advance(2500);
    outlet.resume();
    session.drained();
    const pushes = outlet.pushes.filter(({ topic }) => topic === 's');
    expect(pushes).toMatchObject([
      { type: 'value', reset: true, offset: 20, json: '{"t":[17,18,19],"v":[17,18,19]}' },
      { type: 'freshness', freshness: { state: 'late' } },
    ]);
  });

  test('[H8] [H53] what cannot be recovered is voided by the part that was asked for', async () => {
    await aDay();
    const since = { epoch: 'another', offset: 5 };
    const { outlet, reply } = await bed.watch('s', { since, rewind: { points: 10 }, fields: ['v'] });
    expect(reply.recovered).toBe(false);
    expect(outlet.pushes).toMatchObject([{ reset: true }]);
    const columns = JSON.parse(texts(outlet.pushes)[0] as string) as Record<string, number[]>;
    expect(Object.keys(columns)).toEqual(['t', 'v']);
    expect(columns['t']).toHaveLength(10);
  });
});

describe('settings that change', () => {
  test('[H2] [H54] what is published while a topic begins anew is in the new one, or refused', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const settings: Record<string, SomeTopicSettings> = {};
      bed.start({ settings });
      const published = bed.publish('x', { id: 1 }, { kind: 'table' });
      const answer = published.then(
        ({ epoch }) => epoch,
        ({ kind }) => kind,
      );
      for (let i = 0; i < turns; i++) await Promise.resolve();
      settings['x'] = { kind: 'log' };
      await bed.hub.reconfigure();
      const { outlet } = await bed.watch('x', { rewind: { count: 9 } });
      expect([turns, texts(outlet.pushes)]).toEqual([turns, []]);
      await bed.publish('x', 'entry');
      // Of the topic before, or of none; never one of the new topic that nobody follows.
      expect(await answer).not.toBe((await bed.hub.snapshot(anyone, 'x')).epoch);
      bed.dispose();
    }
    bed.start();
  });

  test('[H54] a topic that cannot be opened keeps its settings from no other', async () => {
    const broker = createMemoryBroker({ random: () => 0.5 });
    let settings: SomeTopicSettings = {};
    let fail: (failure: Error) => void = () => {};
    const disk = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const hub = createHub({
      broker: {
        ...broker,
        follow: (name, follower) => (name === 'broken' ? disk : broker.follow(name, follower)),
      },
      access: openAccess,
      clock: new FakeClock(),
      limits: DEFAULT_LIMITS,
      meter: new CountingMeter(),
      log: silentLog,
      random: () => 0.5,
      settingsOf: () => settings,
    });
    await hub.publish(anyone, { topic: 'x', data: 1 });
    const broken = expect(hub.publish(anyone, { topic: 'broken', data: 1 })).rejects.toThrow('no disk');
    for (let i = 0; i < 10; i++) await Promise.resolve();
    settings = { readOnly: true };
    const reconfigured = hub.reconfigure();
    fail(new Error('no disk'));
    await reconfigured;
    await broken;
    expect((await refusal(hub.publish(anyone, { topic: 'x', data: 2 }))).message).toContain('readOnly');
    hub.dispose();
  });

  test('[H54] keeping, cadence, checks and readOnly are taken at once, and nothing is lost', async () => {
    const settings: Record<string, SomeTopicSettings> = {};
    bed.start({ settings });
    const { outlet } = await bed.watch('x');
    await bed.publish('x', 1);
    settings['x'] = { expectEveryMs: 1000, fits: (_op, data) => (data === 'bad' ? BAD : undefined) };
    await bed.hub.reconfigure();
    expect((await refusal(bed.publish('x', 'bad'))).kind).toBe('shape_mismatch');
    await bed.clock.advance(2500);
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'freshness', freshness: { state: 'late' } });
    settings['x'] = { expectEveryMs: 1200 };
    await bed.hub.reconfigure();
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({ freshness: { state: 'late', expectEveryMs: 1200 } });
    settings['x'] = { readOnly: true };
    await bed.hub.reconfigure();
    expect((await refusal(bed.publish('x', 2))).message).toContain('readOnly');
    settings['x'] = { keep: { count: 2 } };
    await bed.hub.reconfigure();
    for (let i = 2; i < 6; i++) await bed.publish('x', i);
    await bed.clock.advance(WINDOW);
    const page = await bed.hub.history(anyone, { topic: 'x' });
    expect(page.entries.map((entry) => entry.o)).toEqual([4, 5]);
    expect(texts(outlet.pushes).at(-1)).toBe('5');
    expect(outlet.pushes.some((push) => push.type === 'end')).toBe(false);
  });

  test('[H54] another kind or key field begins the topic anew, and its subscribers ask again', async () => {
    const settings: Record<string, SomeTopicSettings> = {};
    bed.start({ settings });
    const { outlet, reply } = await bed.watch('x');
    await bed.publish('x', { id: 1 });
    settings['x'] = { kind: 'table' };
    await bed.hub.reconfigure();
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'end', code: 2500 });
    expect((await refusal(bed.hub.snapshot(anyone, 'x'))).kind).toBe('unknown_topic');
    const position = await bed.publish('x', { id: 1 });
    expect(position.offset).toBe(1);
    expect(position.epoch).not.toBe(reply.epoch);
    settings['x'] = { kind: 'table', keyField: 'name' };
    await bed.hub.reconfigure();
    expect((await refusal(bed.publish('x', { id: 1 }))).detail).toMatchObject({ path: '.name' });
  });

  test("[H34] [H54] the kind of a fed topic stays its source's, whatever is configured", async () => {
    const settings: Record<string, SomeTopicSettings> = {};
    bed.start({ settings });
    const feed = await bed.hub.feed('f' as TopicName, 'pump', { kind: 'log' }, () => {});
    await feed.publish('append', 1);
    settings['f'] = { kind: 'state', keep: { count: 1 } };
    await bed.hub.reconfigure();
    await feed.publish('append', 2);
    expect(await bed.hub.history(anyone, { topic: 'f' })).toMatchObject({ kind: 'log', entries: [{ o: 2 }] });
  });

  test('[H55] a topic that is let go is gone with all that was kept, unless a source feeds it', async () => {
    bed.start();
    const { outlet } = await bed.watch('x');
    const { epoch } = await bed.publish('x', 1);
    await bed.hub.forget(anyone, 'x');
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'end', code: 2500 });
    expect((await refusal(bed.hub.forget(anyone, 'x'))).kind).toBe('unknown_topic');
    expect((await bed.publish('x', 2)).epoch).not.toBe(epoch);
    await bed.hub.feed('f' as TopicName, 'pump', { kind: 'log' }, () => {});
    expect((await refusal(bed.hub.forget(anyone, 'f'))).kind).toBe('conflict');
  });
});

const BAD = { path: '', expected: 'something good', got: 'bad', example: 'good' };

describe('over a restart of the hub', () => {
  function hubOver(
    broker: ReturnType<typeof createMemoryBroker>,
    clock: FakeClock,
    settings: Record<string, SomeTopicSettings>,
    limits: Partial<Limits> = {},
  ) {
    return createHub({
      broker,
      access: openAccess,
      clock,
      limits: { ...DEFAULT_LIMITS, ...limits },
      meter: new CountingMeter(),
      log: silentLog,
      random: Math.random,
      settingsOf: (topic) => settings[topic],
    });
  }

  test('[H56] every kind holds what it held, at the same position, however little was kept of the way there', async () => {
    const broker = createMemoryBroker({ random: Math.random });
    const clock = new FakeClock();
    const settings: Record<string, SomeTopicSettings> = Object.fromEntries(
      (['state', 'table', 'series', 'log'] as const).map((kind) => [kind, { kind, keep: { count: 2 }, keyField: 'n' }]),
    );
    const first = hubOver(broker, clock, settings);
    for (let n = 0; n < 6; n++) {
      await first.publish(anyone, { topic: 'state', op: 'merge', data: { [`m${n}`]: n } });
      for (const topic of ['table', 'series', 'log']) {
        await first.publish(anyone, { topic, data: { n }, key: `${topic}${n}` });
      }
      await first.publish(anyone, { topic: 'unconfigured', kind: 'log', data: n });
    }
    const names = [...Object.keys(settings), 'unconfigured'];
    const before = await Promise.all(names.map((name) => first.snapshot(anyone, name)));
    first.dispose();
    await clock.advance(5000);
    const second = hubOver(broker, clock, settings);
    await second.restore();
    expect(await Promise.all(names.map((name) => second.snapshot(anyone, name)))).toEqual(before);
    // Also the way there: a table tells its changes, a merge goes on from what was merged, a key is known.
    const outlet = new RecordingOutlet();
    const since = { epoch: before[1]?.epoch as string, offset: 5 };
    await second.open(anyone, outlet).subscribe({ topic: 'table', since }, () => {});
    expect(outlet.pushes).toMatchObject([{ type: 'rows', upserts: '[{"n":5}]', offset: 6 }]);
    await second.publish(anyone, { topic: 'state', op: 'merge', data: { more: 1 } });
    const merged = JSON.parse((await second.snapshot(anyone, 'state')).json as string) as object;
    expect(Object.keys(merged)).toHaveLength(7);
    expect(await second.publish(anyone, { topic: 'log', data: 0, key: 'log5' })).toMatchObject({ offset: 6 });
    expect(await second.publish(anyone, { topic: 'unconfigured', data: 0 })).toMatchObject({ offset: 7 });
    second.dispose();
    expect(clock.pending).toBe(0);
  });

  test('[H27] [H56] what was held when the hub stopped is as old as it is', async () => {
    const broker = createMemoryBroker({ random: Math.random });
    const clock = new FakeClock();
    const settings = { x: { expectEveryMs: 1000 } };
    const first = hubOver(broker, clock, settings);
    await first.publish(anyone, { topic: 'x', data: 1 });
    first.dispose();
    await clock.advance(60_000);
    const second = hubOver(broker, clock, settings);
    await second.restore();
    expect((await second.snapshot(anyone, 'x')).freshness.state).toBe('stale');
    await second.publish(anyone, { topic: 'x', data: 2 });
    expect((await second.snapshot(anyone, 'x')).freshness.state).toBe('ok');
    second.dispose();
  });

  test('[H56] a lower limit of topics loses none that were kept', async () => {
    const broker = createMemoryBroker({ random: Math.random });
    const clock = new FakeClock();
    const first = hubOver(broker, clock, {});
    for (const topic of ['a', 'b', 'c']) await first.publish(anyone, { topic, kind: 'table', data: { id: 1 } });
    first.dispose();
    const second = hubOver(broker, clock, {}, { topics: 2 });
    await second.restore();
    expect(second.topics(anyone).map(({ topic, kind, offset }) => [topic, kind, offset])).toEqual(
      ['a', 'b', 'c'].map((topic) => [topic, 'table', 1]),
    );
    expect((await refusal(second.publish(anyone, { topic: 'd', data: 1 }))).kind).toBe('limit_exceeded');
    second.dispose();
  });

  test('[H56] a topic that is configured to be another kind now begins anew', async () => {
    const broker = createMemoryBroker({ random: Math.random });
    const clock = new FakeClock();
    const first = hubOver(broker, clock, {});
    const { epoch } = await first.publish(anyone, { topic: 'x', data: 1 });
    first.dispose();
    const second = hubOver(broker, clock, { x: { kind: 'table' } });
    await second.restore();
    expect((await refusal(second.snapshot(anyone, 'x'))).kind).toBe('unknown_topic');
    const position = await second.publish(anyone, { topic: 'x', data: { id: 1 } });
    expect(position).toMatchObject({ offset: 1 });
    expect(position.epoch).not.toBe(epoch);
    second.dispose();
  });
});
