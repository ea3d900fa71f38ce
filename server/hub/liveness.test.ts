import type { Demand, Push, SomeTopicSettings } from '@tidewall/contracts';
import { DEFAULT_LIMITS, parseTopicName } from '@tidewall/protocol';
import { describe, expect, test } from 'vitest';
import { anyone, refusal, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();

describe('freshness', () => {
  const states = (pushes: readonly Push[]) =>
    pushes.flatMap((push) => (push.type === 'freshness' ? [push.freshness.state] : []));

  test('[H25] late after two cadences, stale after five, ok with the next, each told once', async () => {
    bed.start({ settings: { a: { expectEveryMs: 1000 } } });
    await bed.publish('a', 1);
    const { outlet, reply } = await bed.watch('a');
    expect(reply.freshness).toMatchObject({ state: 'ok', expectEveryMs: 1000 });
    await bed.clock.advance(1900);
    expect(states(outlet.pushes)).toEqual([]);
    await bed.clock.advance(8000);
    expect(states(outlet.pushes)).toEqual(['late', 'stale']);
    await bed.publish('a', 2);
    await bed.clock.advance(WINDOW);
    expect(states(outlet.pushes)).toEqual(['late', 'stale', 'ok']);
  });

  test('[H25] a topic without a first publication is quiet, then late, and never ok', async () => {
    bed.start();
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    feed.expect(1000);
    const { outlet, reply } = await bed.watch('src');
    expect(reply.freshness).toEqual({ state: 'quiet', asOf: 0, expectEveryMs: 1000 });
    await bed.clock.advance(1500);
    feed.healthy();
    await bed.clock.advance(1500);
    expect(states(outlet.pushes)).toEqual([]);
    await bed.clock.advance(1000);
    feed.healthy();
    await bed.clock.advance(WINDOW);
    expect(states(outlet.pushes)).toEqual(['late', 'quiet']);
    await feed.publish('replace', 1);
    await bed.clock.advance(WINDOW);
    expect(states(outlet.pushes)).toEqual(['late', 'quiet', 'ok']);
  });

  test('[H25] who subscribes to a late topic is told so once', async () => {
    bed.start({ settings: { a: { expectEveryMs: 1000 } } });
    await bed.publish('a', 1);
    await bed.clock.advance(3000);
    const { outlet, reply } = await bed.watch('a');
    await bed.clock.advance(500);
    expect([reply.freshness.state, states(outlet.pushes)]).toEqual(['late', []]);
  });

  test('[H38] nothing is published in the future, whatever its publisher’s clock says', async () => {
    bed.start({ settings: { a: { expectEveryMs: 1000, keep: { count: 9, bytes: 999, ageMs: 1000 } } } });
    await bed.publish('a', 1);
    await bed.publish('a', 2, { at: 8.64e15 });
    expect((await bed.hub.history(anyone, { topic: 'a' })).entries.map((entry) => entry.at)).toEqual([
      bed.clock.now(),
      bed.clock.now(),
    ]);
    await bed.clock.advance(3000);
    expect(bed.meter.rows('tidewall_topic_age_seconds')).toEqual({ a: 3 });
  });

  test('[H25] a topic without a cadence is quiet', async () => {
    bed.start();
    const { reply } = await bed.watch('a');
    expect(reply.freshness.state).toBe('quiet');
  });

  test('[H25] a session that was stalled is told the freshness when it reads again', async () => {
    bed.start({ settings: { a: { expectEveryMs: 1000 } } });
    await bed.publish('a', 1);
    const { session, outlet } = await bed.watch('a');
    outlet.stall();
    await bed.publish('a', 2);
    await bed.clock.advance(10_000);
    outlet.resume();
    session.drained();
    expect(states(outlet.pushes)).toEqual(['stale']);
  });

  test('[H26] a failing source marks its topic with the reason until it publishes', async () => {
    bed.start();
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    const { outlet } = await bed.watch('src');
    feed.fail('cannot reach db:5432');
    feed.fail('cannot reach db:5432');
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes).toMatchObject([
      { type: 'freshness', freshness: { state: 'failed', reason: 'cannot reach db:5432' } },
    ]);
    await feed.publish('replace', 1);
    await bed.clock.advance(WINDOW);
    expect(states(outlet.pushes)).toEqual(['failed', 'quiet']);
    feed.fail('again');
    feed.healthy();
    await bed.clock.advance(WINDOW);
    expect((await bed.hub.snapshot(anyone, 'src')).freshness.state).toBe('quiet');
  });

  test('[H27] a jump of the wall clock makes nothing stale and nothing fresh', async () => {
    bed.start({ settings: { a: { expectEveryMs: 1000 } } });
    await bed.publish('a', 1);
    bed.clock.jump(3_600_000);
    expect((await bed.hub.snapshot(anyone, 'a')).freshness.state).toBe('ok');
    await bed.clock.advance(6000);
    bed.clock.jump(-7_200_000);
    expect((await bed.hub.snapshot(anyone, 'a')).freshness.state).toBe('stale');
  });
});

describe('demand', () => {
  test('[H39] a topic whose source rests is quiet, and ages again when somebody watches', async () => {
    bed.start();
    const settings = { kind: 'state', expectEveryMs: 1000 } as const;
    const feed = await bed.hub.feed(parseTopicName('src'), 'one', settings, () => {});
    const state = () => bed.hub.topics(anyone)[0]?.freshness.state;
    expect(state()).toBe('quiet');
    await bed.clock.advance(60_000);
    const first = await bed.watch('src');
    expect([first.reply.freshness.state, state()]).toEqual(['quiet', 'quiet']);
    await feed.publish('replace', 1);
    await bed.clock.advance(3000);
    expect(state()).toBe('late');
    expect(bed.meter.rows('tidewall_topic_age_seconds')).toEqual({ src: 3 });
    first.session.end();
    await bed.clock.advance(DEFAULT_LIMITS.lingerMs);
    expect([state(), bed.meter.rows('tidewall_topic_age_seconds')]).toEqual(['quiet', {}]);
    expect((await bed.watch('src')).reply.freshness.state).toBe('stale');
  });

  test('[H28] the source hears of the first watcher and, after the linger, of the last', async () => {
    bed.start();
    const heard: boolean[] = [];
    await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, ({ watched }) => heard.push(watched));
    const first = await bed.watch('src');
    const second = await bed.watch('src');
    expect(heard).toEqual([true]);
    first.session.end();
    second.session.end();
    await bed.clock.advance(DEFAULT_LIMITS.lingerMs - 1);
    expect(heard).toEqual([true]);
    const third = await bed.watch('src');
    await bed.clock.advance(DEFAULT_LIMITS.lingerMs * 2);
    expect(heard).toEqual([true]);
    third.session.end();
    await bed.clock.advance(DEFAULT_LIMITS.lingerMs);
    expect(heard).toEqual([true, false]);
  });

  test('[H61] the source hears of the fastest pace that those who watch want, whenever that changes', async () => {
    bed.start();
    const heard: Demand[] = [];
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, (demand) => heard.push(demand));
    const slow = await bed.watch('src', { rateHz: 0.5 });
    const fast = await bed.watch('src', { rateHz: 10 });
    const alike = await bed.watch('src', { rateHz: 10 });
    expect(heard.splice(0)).toEqual([
      { watched: true, unpaced: false, fastestMs: 2000 },
      { watched: true, unpaced: false, fastestMs: 100 },
    ]);
    fast.session.configure(fast.reply.topic, { rateHz: 1 }, () => {});
    expect(heard.splice(0)).toEqual([]);
    alike.session.end();
    expect(heard.splice(0)).toEqual([{ watched: true, unpaced: false, fastestMs: 1000 }]);
    slow.session.configure(slow.reply.topic, { rateHz: null }, () => {});
    expect(heard.splice(0)).toEqual([{ watched: true, unpaced: true, fastestMs: 1000 }]);
    fast.session.end();
    slow.session.end();
    await bed.clock.advance(DEFAULT_LIMITS.lingerMs);
    expect(heard.at(-1)).toMatchObject({ watched: false });
    feed.dispose();
  });

  test('[H62] a source says how often its news comes, unless the configuration says it', async () => {
    bed.start({ settings: { said: { expectEveryMs: 60_000 } } });
    const expected = async (name: string) => {
      const feed = await bed.hub.feed(parseTopicName(name), 'orders', { kind: 'state' }, () => {});
      feed.expect(1000);
      await feed.publish('replace', 1);
      return (await bed.hub.snapshot(anyone, name)).freshness.expectEveryMs;
    };
    expect([await expected('src'), await expected('said')]).toEqual([1000, 60_000]);
  });

  test('[H62] what the configuration says of a cadence counts, also when it says so while the source works', async () => {
    const settings: Record<string, SomeTopicSettings> = {};
    bed.start({ settings });
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    const expected = async () => (await bed.hub.snapshot(anyone, 'src')).freshness.expectEveryMs;
    settings['src'] = { expectEveryMs: 60_000 };
    await bed.hub.reconfigure();
    feed.expect(1000);
    expect(await expected()).toBe(60_000);
    delete settings['src'];
    await bed.hub.reconfigure();
    feed.expect(1000);
    expect(await expected()).toBe(1000);
  });

  test('[H62] a source can look at what its topic holds, also of those before it', async () => {
    bed.start();
    await bed.publish('src', 7);
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    expect(feed.held()).toBe(7);
    await feed.publish('replace', { a: 8 });
    expect(feed.held()).toEqual({ a: 8 });
    const empty = await bed.hub.feed(parseTopicName('empty'), 'orders', { kind: 'log' }, () => {});
    expect(empty.held()).toBeUndefined();
  });

  test('[H28] a source that comes when somebody watches already hears it at once', async () => {
    bed.start();
    await bed.watch('src');
    const heard: boolean[] = [];
    await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, ({ watched }) => heard.push(watched));
    expect(heard).toEqual([true]);
  });

  test('[H29] a source that gave a topic up has no hand in it any more', async () => {
    bed.start();
    const first = await bed.hub.feed(parseTopicName('src'), 'one', { kind: 'state' }, () => {});
    first.dispose();
    const second = await bed.hub.feed(parseTopicName('src'), 'two', { kind: 'state' }, () => {});
    first.dispose();
    first.fail('not mine');
    expect((await refusal(first.publish('replace', 1))).kind).toBe('conflict');
    expect((await refusal(bed.publish('src', 1))).kind).toBe('permission_denied');
    await second.publish('replace', 2);
    expect((await bed.hub.snapshot(anyone, 'src')).freshness.state).toBe('quiet');
  });

  test('[H36] a source’s settings hold for a topic that was looked at before it came', async () => {
    bed.start();
    const heard: boolean[] = [];
    const { outlet } = await bed.watch('src', { kind: 'table' });
    const said = { kind: 'table', keyField: 'mount', expectEveryMs: 1000 } as const;
    const feed = await bed.hub.feed(parseTopicName('src'), 'disks', said, ({ watched }) => heard.push(watched));
    expect(outlet.pushes).toMatchObject([{ type: 'end', code: 2500 }]);
    await bed.watch('src');
    await feed.publish('upsert', { mount: '/' });
    expect(heard).toEqual([true]);
    await bed.publish('taken', 1);
    expect((await refusal(bed.hub.feed(parseTopicName('taken'), 'disks', said, () => {}))).kind).toBe('conflict');
  });

  test('[H34] the kind is the source’s to say, keeping and cadence are the configuration’s', async () => {
    bed.start({ settings: { src: { kind: 'log', keyField: 'other', keep: { count: 2 }, expectEveryMs: 700 } } });
    const said = { kind: 'table', keyField: 'k', keep: { count: 9 }, expectEveryMs: 1000 } as const;
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', said, () => {});
    const { epoch } = (await bed.watch('src')).reply;
    for (let i = 0; i < 4; i++) await feed.publish('upsert', { k: i });
    const { reply } = await bed.watch('src', { since: { epoch, offset: 1 } });
    expect(reply).toMatchObject({ kind: 'table', keyField: 'k', recovered: false, freshness: { expectEveryMs: 700 } });
    expect((await bed.watch('src', { since: { epoch, offset: 2 } })).reply.recovered).toBe(true);
  });

  test('[H29] a fed topic refuses other publishers and other sources', async () => {
    bed.start();
    const feed = await bed.hub.feed(parseTopicName('src'), 'orders', { kind: 'state' }, () => {});
    expect((await refusal(bed.publish('src', 1))).kind).toBe('permission_denied');
    expect((await refusal(bed.hub.feed(parseTopicName('src'), 'other', { kind: 'state' }, () => {}))).kind).toBe(
      'conflict',
    );
    feed.dispose();
    await bed.publish('src', 1);
  });
});
