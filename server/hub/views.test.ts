import { createDecider } from '@tidewall/access';
import type { Filter } from '@tidewall/protocol';
import { RecordingEncoding, RecordingOutlet } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { anyone, refusal, texts, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();
const pattern = (text: string) => text as never;

describe('shared views', () => {
  test('[H40] equal options share a view and its frame, however they are written; others do not', async () => {
    bed.start({ settings: { t: { kind: 'table' } } });
    const encoding = new RecordingEncoding();
    const ask = (more: object) => bed.watch('t', more, new RecordingOutlet(encoding));
    const a = await ask({ fields: ['v', 'w'], rateHz: 1e6 });
    const b = await ask({ fields: ['w', 'v', 'v'] });
    const c = await ask({ fields: ['v'] });
    expect(b.reply.topic).toBe(a.reply.topic);
    expect(c.reply.topic).not.toBe(a.reply.topic);
    encoding.encoded = 0;
    await bed.publish('t', [{ id: 'a', v: 1, w: 2, x: 3 }]);
    await bed.clock.advance(WINDOW);
    expect(encoding.encoded).toBe(2);
    expect(a.outlet.pushes[0]).toMatchObject({ upserts: '[{"id":"a","v":1,"w":2}]' });
    expect(c.outlet.pushes[0]).toMatchObject({ upserts: '[{"id":"a","v":1}]' });
  });

  test('[H45] sessions with the same set of views are handed one joined buffer; others their own', async () => {
    bed.start();
    const encoding = new RecordingEncoding();
    const viewers = Array.from({ length: 10 }, () => bed.hub.open(anyone, new RecordingOutlet(encoding)));
    for (const [i, session] of viewers.entries()) {
      for (const topic of i === 9 ? ['a'] : ['a', 'b', 'c']) await session.subscribe({ topic }, () => {});
    }
    const outlets = viewers.map((session) => session.outlet as RecordingOutlet);
    await bed.publish('a', 0);
    await bed.clock.advance(WINDOW);
    for (const outlet of outlets) outlet.frames.length = 0;
    encoding.encoded = 0;
    for (const topic of ['a', 'b', 'c']) await bed.publish(topic, 1);
    await bed.clock.advance(WINDOW);
    expect(encoding.encoded).toBe(3);
    const [first] = outlets[0]?.frames ?? [];
    for (const outlet of outlets.slice(0, 9)) {
      // The first after quiet went at once, by itself.
      expect(outlet.frames.length).toBeLessThanOrEqual(2);
      expect(outlet.frames[0]).toBe(first);
      expect(outlet.pushes.slice(-3).map((push) => push.topic)).toEqual(['a', 'b', 'c']);
    }
    expect(outlets[9]?.pushes.every((push) => push.topic === 'a')).toBe(true);
  });

  test('[H19] [H45] whoever leaves, stalls or changes its views leaves its cohort, and none is left behind', async () => {
    bed.start();
    const encoding = new RecordingEncoding();
    const watch = () => bed.watch('x', {}, new RecordingOutlet(encoding));
    const [a, b, c] = [await watch(), await watch(), await watch()];
    await bed.publish('x', 1);
    await bed.clock.advance(WINDOW);
    expect(bed.meter.read('tidewall_cohorts')).toBe(1);
    b.outlet.stall();
    await bed.publish('x', 2);
    await bed.clock.advance(WINDOW);
    await c.session.subscribe({ topic: 'y' }, () => {});
    await bed.publish('x', 3);
    await bed.clock.advance(WINDOW);
    expect(bed.meter.read('tidewall_cohorts')).toBe(2);
    expect(texts(a.outlet.pushes)).toEqual(['1', '2', '3']);
    expect(texts(c.outlet.pushes)).toEqual(['1', '2', '3']);
    expect(texts(b.outlet.pushes)).toEqual(['1', '2']);
    b.outlet.resume();
    b.session.drained();
    expect(texts(b.outlet.pushes)).toEqual(['1', '2', '3']);
    for (const { session } of [a, b, c]) session.end();
    expect(bed.meter.read('tidewall_cohorts')).toBe(0);
  });
});

test('[H30] a topic can be followed in so many ways, and what is let go makes room', async () => {
  bed.start({ limits: { viewsPerTopic: 2 } });
  const encoding = new RecordingEncoding();
  const ask = (v: number) => bed.watch('x', { filter: ['v', 'eq', v] }, new RecordingOutlet(encoding));
  await ask(1);
  const second = await ask(2);
  expect(await refusal(ask(3))).toMatchObject({ kind: 'limit_exceeded', detail: { limit: 'viewsPerTopic' } });
  await ask(2);
  expect([bed.meter.read('tidewall_views'), bed.meter.read('tidewall_subscriptions')]).toEqual([2, 3]);
  expect(() => second.session.configure(second.reply.topic, { filter: null }, () => {})).toThrow('viewsPerTopic');
});

describe('rate', () => {
  test('[H46] the first at once, then no more often than asked, the last always', async () => {
    bed.start();
    const { outlet } = await bed.watch('x', { rateHz: 10 });
    const arrivals: number[] = [];
    let seen = 0;
    for (let ms = 0; ms < 1000; ms++) {
      await bed.publish('x', ms);
      await bed.clock.advance(1);
      if (outlet.pushes.length > seen) arrivals.push(ms);
      seen = outlet.pushes.length;
    }
    expect(arrivals[0]).toBe(0);
    for (const [i, ms] of arrivals.entries())
      if (i > 0) expect(ms - (arrivals[i - 1] as number)).toBeGreaterThanOrEqual(99);
    expect(arrivals.length).toBeGreaterThanOrEqual(9);
    await bed.clock.advance(110);
    expect(texts(outlet.pushes).at(-1)).toBe('999');
    const covered = outlet.pushes.reduce((sum, push) => sum + ('n' in push ? push.n : 0), 0);
    expect(covered).toBe(1000);
    seen = outlet.pushes.length;
    await bed.clock.advance(5000);
    expect(outlet.pushes.length).toBe(seen);
    await bed.publish('x', 'again');
    expect(texts(outlet.pushes).at(-1)).toBe('"again"');
  });

  test('[H46] a log at a rate comes later, and whole', async () => {
    bed.start({ settings: { l: { kind: 'log' } } });
    const { outlet } = await bed.watch('l', { rateHz: 4 });
    for (let i = 0; i < 100; i++) {
      await bed.publish('l', i);
      await bed.clock.advance(10);
    }
    await bed.clock.advance(250);
    expect(texts(outlet.pushes)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    expect(outlet.writes).toBeLessThanOrEqual(6);
  });

  test('[H46] views of one rate go together, in one write a session', async () => {
    bed.start();
    const outlet = new RecordingOutlet();
    const session = bed.hub.open(anyone, outlet);
    for (const topic of ['a', 'b', 'c']) await session.subscribe({ topic, rateHz: 10 }, () => {});
    for (let ms = 0; ms < 1000; ms += 5) {
      for (const topic of ['a', 'b', 'c']) await bed.publish(topic, ms);
      await bed.clock.advance(5);
    }
    // The first of each goes at once or with the window after it; from then on they share their ticks.
    expect(outlet.writes).toBeLessThanOrEqual(2 + 2 * 10);
    expect(outlet.pushes.length).toBeGreaterThanOrEqual(27);
  });

  test('[H47] a rate is changed without a gap or a repeat, and the old number says nothing more', async () => {
    bed.start({ settings: { l: { kind: 'log' } } });
    const { session, outlet, reply } = await bed.watch('l');
    for (let i = 0; i < 10; i++) await bed.publish('l', i);
    let view = 0;
    const old = outlet.pushes.length;
    session.configure(reply.topic, { rateHz: 2 }, (number) => {
      view = number;
    });
    expect(view).not.toBe(reply.topic);
    for (let i = 10; i < 30; i++) {
      await bed.publish('l', i);
      await bed.clock.advance(50);
    }
    let third = 0;
    session.configure(view, { rateHz: null }, (number) => {
      third = number;
    });
    await bed.publish('l', 30);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(Array.from({ length: 31 }, (_, i) => String(i)));
    expect(outlet.pushes.slice(0, old).every((push) => push.view === reply.topic)).toBe(true);
    expect(outlet.pushes.slice(old).some((push) => push.view === reply.topic)).toBe(false);
    expect(outlet.pushes.at(-1)?.view).toBe(third);
    expect(() => session.configure(view, {}, () => {})).toThrow('no subscription');
    session.unsubscribe(third);
  });

  test('[H11] [H47] two subscriptions of one session cannot become the same', async () => {
    bed.start();
    const { session, reply } = await bed.watch('x');
    await session.subscribe({ topic: 'x', rateHz: 5 }, () => {});
    const error = await refusal(session.subscribe({ topic: 'x', rateHz: 5 }, () => {}));
    expect(error).toMatchObject({ kind: 'already_subscribed', detail: { topic: expect.any(Number) } });
    expect(() => session.configure(reply.topic, { rateHz: 5 }, () => {})).toThrow('same options');
    let same = 0;
    session.configure(reply.topic, { delta: false }, (number) => {
      same = number;
    });
    expect(same).toBe(reply.topic);
  });
});

describe('what is shown', () => {
  test('[H44] who is shown few publications is told its position now and then, so that it can come back', async () => {
    bed.start({ settings: { l: { kind: 'log', keep: { count: 100 } } } });
    const filter = ['kind', 'eq', 'alarm'];
    const { session, outlet, reply } = await bed.watch('l', { filter });
    for (let i = 0; i < 1000; i++) {
      await bed.publish('l', { kind: 'noise', i });
      await bed.clock.advance(WINDOW);
    }
    expect(texts(outlet.pushes)).toEqual([]);
    expect(outlet.pushes.length).toBeGreaterThanOrEqual(15);
    expect(outlet.pushes.length).toBeLessThanOrEqual(17);
    const told = outlet.pushes.at(-1);
    session.end();
    await bed.publish('l', { kind: 'alarm' });
    const back = await bed.watch('l', { filter, since: { epoch: reply.epoch, offset: told?.offset } });
    expect(back.reply.recovered).toBe(true);
    expect(back.outlet.pushes).toMatchObject([{ type: 'value', json: '{"kind":"alarm"}', offset: 1001 }]);
  });

  test('[H42] a delta brings the members that changed, also where the publisher sends all of them', async () => {
    bed.start();
    const state = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, `value number ${i}`]));
    await bed.publish('s', state);
    const { outlet } = await bed.watch('s', { delta: true });
    const plain = await bed.watch('s');
    for (let i = 0; i < 5; i++) {
      await bed.publish('s', { ...state, field7: i, field9: { deep: i } });
      await bed.clock.advance(WINDOW);
    }
    expect(outlet.pushes).toHaveLength(6);
    expect(outlet.pushes[1]).toMatchObject({ type: 'merge', json: '{"field7":0,"field9":{"deep":0}}' });
    expect(outlet.pushes[5]).toMatchObject({ type: 'merge', json: '{"field7":4,"field9":{"deep":4}}', n: 1 });
    expect(plain.outlet.pushes[5]).toMatchObject({ type: 'value' });
    const pushes = outlet.pushes.length;
    await bed.publish('s', { ...state, field7: 4, field9: { deep: 4 } });
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes).toHaveLength(pushes);
  });

  test('[H42] a delta of a table that is replaced brings the rows that differ', async () => {
    bed.start({ settings: { t: { kind: 'table' } } });
    const rows = Array.from({ length: 20 }, (_, i) => ({ id: i, v: 0 }));
    await bed.publish('t', rows, { op: 'replace' });
    const { outlet } = await bed.watch('t', { delta: true });
    await bed.publish('t', [...rows.slice(1, 19), { id: 19, v: 1 }, { id: 20, v: 0 }], { op: 'replace' });
    await bed.clock.advance(WINDOW);
    const [push] = outlet.pushes.slice(1);
    expect(push).toMatchObject({ type: 'rows', removals: '["0"]', upserts: '[{"id":19,"v":1},{"id":20,"v":0}]' });
    // In another order, only the whole can say it.
    await bed.publish('t', [...rows].reverse(), { op: 'replace' });
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'value', reset: true });
  });

  test('[H43] a subscriber that comes back within what is kept gets a delta of what it missed', async () => {
    bed.start();
    const state = (v: number) => ({ big: 'x'.repeat(500), v });
    for (let v = 0; v < 5; v++) await bed.publish('s', state(v));
    const first = await bed.watch('s', { delta: true });
    first.session.end();
    for (let v = 5; v < 9; v++) await bed.publish('s', state(v));
    const since = { epoch: first.reply.epoch, offset: 5 };
    const { reply, outlet } = await bed.watch('s', { delta: true, since });
    expect(reply.recovered).toBe(true);
    expect(outlet.pushes).toMatchObject([{ type: 'merge', json: '{"v":8}', n: 4, offset: 9 }]);
  });
});

describe('access', () => {
  const rules = [
    {
      topics: pattern('sales/+'),
      roles: ['shop'],
      may: ['read', 'history'] as const,
      filter: ['site', 'eq', 'sh'] as const,
      fields: ['id', 'site', 'v', 'w'],
    },
    { topics: pattern('#'), roles: ['admin'], may: ['read', 'publish', 'history', 'presence'] as const },
  ];
  const shop = { id: 'shop', roles: ['shop'] };
  const admin = { id: 'admin', roles: ['admin'] };

  test('[H33] [H48] what no rule allows is denied', async () => {
    bed.start({ access: createDecider(rules) });
    await bed.hub.publish(admin, { topic: 'sales/rows', kind: 'table', data: [{ id: 1, site: 'sh', v: 1 }] });
    const session = bed.hub.open(shop, new RecordingOutlet());
    expect((await refusal(session.subscribe({ topic: 'secret' }, () => {}))).kind).toBe('permission_denied');
    expect((await refusal(session.subscribe({ topic: 'sales/rows', presence: true }, () => {}))).kind).toBe(
      'permission_denied',
    );
    expect((await refusal(bed.hub.publish(shop, { topic: 'sales/rows', data: [] }))).kind).toBe('permission_denied');
    expect((await refusal(bed.hub.presence(shop, 'sales/rows'))).kind).toBe('permission_denied');
    expect((await refusal(bed.hub.snapshot(anyone, 'sales/rows'))).kind).toBe('permission_denied');
    expect((await refusal(bed.hub.forget(shop, 'sales/rows'))).kind).toBe('permission_denied');
  });

  test('[H48] what a rule shows is joined to what the client asks for, in every way out', async () => {
    bed.start({ access: createDecider(rules) });
    const publish = (data: object[], op?: 'replace') =>
      bed.hub.publish(admin, { topic: 'sales/rows', kind: 'table', op, data: data as never });
    await publish([
      { id: 1, site: 'sh', v: 1, w: 1, secret: 1 },
      { id: 2, site: 'bj', v: 2, w: 1, secret: 1 },
      { id: 3, site: 'sh', v: 3, w: 1, secret: 1 },
    ]);
    const outlet = new RecordingOutlet();
    const session = bed.hub.open(shop, outlet);
    const filter = ['v', 'gt', 1] as const;
    await session.subscribe({ topic: 'sales/rows', filter, fields: ['v', 'secret'] }, () => {});
    expect(texts(outlet.pushes)).toEqual(['[{"id":3,"v":3}]']);
    await publish([
      { id: 1, site: 'sh', v: 5, secret: 1 },
      { id: 2, site: 'bj', v: 6, secret: 1 },
    ]);
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({ upserts: '[{"id":1,"v":5}]' });
    expect((await bed.hub.snapshot(shop, 'sales/rows')).json).toBe(
      '[{"id":1,"site":"sh","v":5},{"id":3,"site":"sh","v":3,"w":1}]',
    );
    const page = await bed.hub.history(shop, { topic: 'sales/rows' });
    expect(page.entries.map((entry) => entry.json)).toEqual([
      '[{"id":1,"site":"sh","v":1,"w":1},{"id":3,"site":"sh","v":3,"w":1}]',
      '[{"id":1,"site":"sh","v":5}]',
    ]);
    expect(JSON.stringify([outlet.pushes, page])).not.toMatch(/bj|secret/);
    const { epoch } = page;
    const back = new RecordingOutlet();
    const since = { epoch, offset: 1 };
    await bed.hub.open(shop, back).subscribe({ topic: 'sales/rows', since }, () => {});
    expect(JSON.stringify(back.pushes)).not.toMatch(/bj|secret/);
  });

  test('[H40] [H48] a filter learns nothing of members that no rule shows, except of a key and a time', async () => {
    const rule = { topics: pattern('#'), may: ['read', 'publish'] as const };
    bed.start({
      settings: { t: { kind: 'table' }, s: { kind: 'series' } },
      access: createDecider([
        { ...rule, roles: ['some'], fields: ['name', 'v'] },
        { ...rule, roles: ['all'] },
      ]),
    });
    const some = { id: 'some', roles: ['some'] };
    const all = { id: 'all', roles: ['all'] };
    const rows = [
      { id: 'a', name: 'A', pay: 9 },
      { id: 'b', name: 'B', pay: 1 },
    ];
    await bed.hub.publish(all, { topic: 't', data: rows });
    await bed.hub.publish(all, { topic: 's', data: { t: [1, 2], v: [1, 2], w: [1, 2] } });
    const encoding = new RecordingEncoding();
    const shown = async (who: typeof some, topic: string, filter: Filter, fields?: string[]) => {
      const outlet = new RecordingOutlet(encoding);
      await bed.hub.open(who, outlet).subscribe({ topic, filter, fields }, () => {});
      return texts(outlet.pushes)[0];
    };
    // Both ask for the same and see it of different members, so they are not the same view.
    expect(await shown(all, 't', ['pay', 'gt', 5], ['name', 'v'])).toBe('[{"id":"a","name":"A"}]');
    expect(await shown(some, 't', ['pay', 'gt', 5])).toBe('[]');
    expect(await shown(some, 't', ['not', ['pay', 'gt', 5]])).toContain('"B"');
    expect(await shown(some, 't', ['id', 'eq', 'b'])).toBe('[{"id":"b","name":"B"}]');
    expect(await shown(some, 's', ['t', 'gt', 1])).toBe('{"t":[2],"v":[2]}');
    expect(await shown(some, 's', ['w', 'gt', 1])).toBe('{"t":[],"v":[]}');
  });

  test('[H41] [H44] [H48] of rows that are not shown nothing is told, and no key when they go', async () => {
    const may = ['read', 'publish', 'history'] as const;
    const shanghai: Filter = ['site', 'eq', 'sh'];
    bed.start({
      settings: { t: { kind: 'table' } },
      access: createDecider([{ topics: pattern('#'), roles: ['sh'], may, filter: shanghai }]),
    });
    const who = { id: 'who', roles: ['sh'] };
    const outlets = [new RecordingOutlet(), new RecordingOutlet()];
    for (const [i, outlet] of outlets.entries()) {
      await bed.hub.open(who, outlet).subscribe({ topic: 't', delta: i === 1 }, () => {});
    }
    const publish = async (data: unknown, op = 'upsert') => {
      await bed.hub.publish(who, { topic: 't', op: op as never, data: data as never });
      await bed.clock.advance(WINDOW);
    };
    await publish([
      { id: 'a', site: 'sh' },
      { id: 'b', site: 'sh' },
      { id: 'secret1', site: 'bj' },
    ]);
    await publish({ id: 'secret2', site: 'bj' });
    await publish(['secret2', 'unknown'], 'remove');
    await publish([{ id: 'a', site: 'bj' }]);
    await publish(['b', 'secret1'], 'remove');
    for (const { pushes } of outlets) {
      expect(JSON.stringify(pushes)).not.toMatch(/secret|unknown/);
      expect(pushes.flatMap((push) => (push.type === 'rows' ? [push.removals] : []))).toEqual(['[]', '["a"]', '["b"]']);
    }
    const { entries } = await bed.hub.history(who, { topic: 't' });
    expect(entries.map(({ json }) => json)).toEqual(['[{"id":"a","site":"sh"},{"id":"b","site":"sh"}]', '["b"]']);
  });

  test('[H42] a row of which nothing differs that is shown is not told again', async () => {
    bed.start({ settings: { t: { kind: 'table' } } });
    await bed.publish('t', { id: 'a', v: 1, w: 1 });
    const { outlet } = await bed.watch('t', { fields: ['v'], delta: true });
    await bed.publish('t', { id: 'a', v: 1, w: 2 });
    await bed.clock.advance(WINDOW);
    await bed.publish('t', { id: 'a', v: 2, w: 2 });
    await bed.clock.advance(WINDOW);
    const rows = outlet.pushes.flatMap((push) => (push.type === 'rows' ? [push.upserts] : []));
    expect(rows).toEqual(['[{"id":"a","v":2}]']);
  });

  test('[H48] several rules never show a member of a row that not one of them shows', async () => {
    const rule = (topics: string, roles: string[], more: object) => ({
      topics: pattern(topics),
      roles,
      may: ['read'] as const,
      ...more,
    });
    const two = createDecider([
      rule('a', ['x'], { filter: ['v', 'eq', 1], fields: ['v', 'p'] }),
      rule('+', ['x', 'y'], { filter: ['v', 'eq', 2], fields: ['v', 'q'] }),
      rule('+', ['z'], {}),
      rule('+', ['part'], { fields: ['r'] }),
      rule('+', ['part', 'other'], { fields: ['s'] }),
    ]);
    const permit = (...roles: string[]) => two.permit({ id: 'u', roles }, 'read', 'a' as never);
    expect(permit('x')).toEqual({ filter: ['or', ['v', 'eq', 1], ['v', 'eq', 2]], fields: ['v'] });
    expect(permit('y')).toEqual({ filter: ['v', 'eq', 2], fields: ['v', 'q'] });
    expect(permit('x', 'z')).toEqual({});
    expect(permit('x', 'other')).toEqual({ fields: ['s'] });
    expect(permit('part')).toEqual({ fields: ['r', 's'] });
    expect(permit('w')).toBeUndefined();
    expect(two.permit({ id: 'u', roles: ['x'] }, 'history', 'a' as never)).toBeUndefined();
  });
});
