import { createDecider } from '@tidewall/access';
import { matchesPattern, type PatternReply, type TopicName, type TopicPattern } from '@tidewall/protocol';
import { RecordingOutlet } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyone, refusal, texts, useHubBed, WINDOW } from './hub-bed.contract.ts';
import { PatternTree } from './pattern-tree.ts';

const bed = useHubBed();

async function follow(pattern: string, more: object = {}, outlet = new RecordingOutlet()) {
  const session = bed.hub.open(anyone, outlet);
  let reply: PatternReply | undefined;
  await session.subscribe({ topic: pattern, ...more }, (accepted) => {
    expect(outlet.pushes).toEqual([]);
    reply = accepted as PatternReply;
  });
  if (!reply) throw new Error('no reply');
  return { session, outlet, reply };
}

const foundIn = (outlet: RecordingOutlet) =>
  outlet.pushes.flatMap((push) => (push.type === 'found' ? [push.found.topic] : []));

describe('patterns', () => {
  test('[H50] topics that there are and topics that come are announced before their pushes, then followed', async () => {
    bed.start({ settings: { 'plant/2/log': { kind: 'log' }, 'plant/3/ping': { kind: 'signal' } } });
    await bed.publish('plant/1/oee', 1);
    await bed.publish('other', 1);
    const { outlet, reply, session } = await follow('plant/+/+');
    expect(reply).toEqual({ topic: expect.any(Number), pattern: 'plant/+/+' });
    await bed.publish('plant/2/log', 'first');
    await bed.publish('plant/3/ping', 'heard');
    await bed.publish('plant/1/oee', 2);
    await bed.publish('plant/2/log', 'second');
    await bed.clock.advance(WINDOW);
    const of = reply.topic;
    expect(foundIn(outlet)).toEqual(['plant/1/oee', 'plant/2/log', 'plant/3/ping']);
    for (const topic of foundIn(outlet)) {
      const mine = outlet.pushes.filter((push) => push.topic === topic);
      expect(mine[0]).toMatchObject({ type: 'found', view: mine[0]?.view, found: { of, topic } });
      expect(new Set(mine.map((push) => push.view)).size).toBe(1);
    }
    const of2 = (topic: string) => texts(outlet.pushes.filter((push) => push.topic === topic));
    expect(of2('plant/1/oee')).toEqual(['1', '2']);
    expect(of2('plant/2/log')).toEqual(['"first"', '"second"']);
    expect(of2('plant/3/ping')).toEqual(['"heard"']);
    expect(bed.hub.topics(anyone).filter((row) => row.watchers > 0)).toHaveLength(3);
    session.unsubscribe(of);
    expect(bed.hub.topics(anyone).filter((row) => row.watchers > 0)).toHaveLength(0);
    const pushes = outlet.pushes.length;
    await bed.publish('plant/4/oee', 1);
    await bed.publish('plant/1/oee', 3);
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.length).toBe(pushes);
  });

  test('[H50] a name that is only looked at is not found, and a source that begins to feed is', async () => {
    bed.start();
    const { outlet } = await follow('a/#');
    await bed.watch('a/b');
    expect(foundIn(outlet)).toEqual([]);
    let demanded = false;
    const feed = await bed.hub.feed('a/c' as TopicName, 'pump', { kind: 'log' }, ({ watched }) => {
      demanded = watched;
    });
    expect(foundIn(outlet)).toEqual(['a/c']);
    expect(demanded).toBe(true);
    await feed.publish('append', 1);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['1']);
  });

  test('[H7] [H50] positions are gone on from, each by itself', async () => {
    bed.start({ settings: { 'a/1': { kind: 'log' }, 'a/2': { kind: 'log' } } });
    for (const topic of ['a/1', 'a/2']) for (let i = 1; i <= 3; i++) await bed.publish(topic, i);
    const { epoch } = await bed.hub.snapshot(anyone, 'a/1');
    const { outlet } = await follow('a/+', { positions: { 'a/1': { epoch, offset: 1 }, 'a/9': { epoch, offset: 1 } } });
    const found = outlet.pushes.flatMap((push) => (push.type === 'found' ? [push.found] : []));
    expect(found).toMatchObject([
      { topic: 'a/1', recovered: true, offset: 1 },
      { topic: 'a/2', recovered: false, offset: 3 },
    ]);
    expect(texts(outlet.pushes)).toEqual(['2', '3']);
  });

  test('[H50] what is followed by name and by pattern is sent once, until both have let go', async () => {
    bed.start();
    await bed.publish('a/b', 1);
    const { session, outlet, reply } = await follow('a/#');
    let named = 0;
    await session.subscribe({ topic: 'a/b' }, (accepted) => {
      named = accepted.topic;
    });
    await bed.publish('a/b', 2);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes).filter((text) => text === '2')).toHaveLength(1);
    session.unsubscribe(reply.topic);
    await bed.publish('a/b', 3);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes).at(-1)).toBe('3');
    session.unsubscribe(named);
    expect(bed.hub.topics(anyone)[0]?.watchers).toBe(0);
  });

  test('[H50] letting go by name leaves what the pattern finds, under the number of both', async () => {
    bed.start();
    await bed.publish('a/b', 1);
    const { session, outlet, reply } = await follow('a/#');
    let named = 0;
    await session.subscribe({ topic: 'a/b' }, (accepted) => {
      named = accepted.topic;
    });
    session.unsubscribe(named);
    await bed.publish('a/b', 2);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes).at(-1)).toBe('2');
    // With nobody left who asked for it by name, the number means the topic of the pattern.
    session.unsubscribe(named);
    expect(bed.hub.topics(anyone)[0]?.watchers).toBe(0);
    session.unsubscribe(reply.topic);
  });

  test('[H50] what is followed by name too is brought up to date before it begins as if it were new', async () => {
    bed.start({ settings: { 'a/b': { kind: 'series' } } });
    await bed.publish('a/b', { t: 1, v: 1 });
    const outlet = new RecordingOutlet();
    const session = bed.hub.open(anyone, outlet);
    await session.subscribe({ topic: 'a/b', rateHz: 1 }, () => {});
    await bed.publish('a/b', { t: 2, v: 2 });
    await bed.publish('a/b', { t: 3, v: 3 });
    await session.subscribe({ topic: 'a/+', rateHz: 1, rewind: { count: 3 } }, () => {});
    const pushes = outlet.pushes.flatMap((push) =>
      push.type === 'value' ? [{ from: push.offset - push.n, to: push.offset, json: push.json }] : [],
    );
    // The one by name is at the head when what is for the pattern comes, so that it is nothing new to it.
    expect(pushes).toEqual([
      { from: 0, to: 1, json: '{"t":[1],"v":[1]}' },
      { from: 1, to: 2, json: '{"t":[2],"v":[2]}' },
      { from: 2, to: 3, json: '{"t":[3],"v":[3]}' },
      { from: 0, to: 3, json: '{"t":[1,2,3],"v":[1,2,3]}' },
    ]);
  });

  test('[H47] [H50] another rate by name leaves what the pattern finds under its number', async () => {
    bed.start();
    await bed.publish('a/b', 1);
    const { session, outlet, reply } = await follow('a/#');
    let named = 0;
    await session.subscribe({ topic: 'a/b' }, (accepted) => {
      named = accepted.topic;
    });
    let moved = 0;
    session.configure(named, { rateHz: 1 }, (number) => {
      moved = number;
    });
    expect(moved).not.toBe(named);
    await bed.publish('a/b', 2);
    await bed.clock.advance(1_000);
    const of2 = outlet.pushes.filter((push) => 'json' in push && push.json === '2').map((push) => push.view);
    expect(of2.sort()).toEqual([named, moved].sort());
    session.unsubscribe(reply.topic);
    session.unsubscribe(moved);
    expect(bed.hub.topics(anyone)[0]?.watchers).toBe(0);
  });

  test('[H11] a pattern is followed once with the same options, and the refusal says as what', async () => {
    bed.start();
    const { session, reply } = await follow('a/+', { rateHz: 5 });
    const error = await refusal(session.subscribe({ topic: 'a/+', rateHz: 5 }, () => {}));
    expect(error).toMatchObject({ kind: 'already_subscribed', detail: { topic: reply.topic } });
    await session.subscribe({ topic: 'a/+', rateHz: 6 }, () => {});
    await session.subscribe({ topic: 'a/+', rateHz: 5, kind: 'log' }, () => {});
  });

  test('[H10] [H50] what a pattern has still to be told is told before the same topic begins by name', async () => {
    bed.start({ settings: { 'a/l': { kind: 'log' } } });
    await bed.publish('a/l', 1);
    const { session, outlet } = await follow('a/+');
    for (const n of [2, 3]) {
      await bed.publish('a/l', n);
      await bed.publish('a/l', n + 10);
    }
    await session.subscribe({ topic: 'a/l' }, () => {});
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['2', '12', '3', '13']);
  });

  test('[H30] more topics than a session may have refuse the pattern, or end it when they come', async () => {
    bed.start({ limits: { subscriptionsPerSession: 3, patternsPerSession: 2 } });
    for (let i = 0; i < 4; i++) await bed.publish(`a/${i}`, i);
    const error = await refusal(follow('a/+'));
    expect(error.kind).toBe('limit_exceeded');
    expect(bed.hub.topics(anyone).every((row) => row.watchers === 0)).toBe(true);
    const { session, outlet, reply } = await follow('b/+');
    for (let i = 0; i < 4; i++) await bed.publish(`b/${i}`, i);
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'end', view: reply.topic, code: 2001 });
    expect(bed.hub.topics(anyone).every((row) => row.watchers === 0)).toBe(true);
    await session.subscribe({ topic: 'c/+' }, () => {});
    expect((await refusal(session.subscribe({ topic: 'c/+' }, () => {}))).kind).toBe('already_subscribed');
    await session.subscribe({ topic: 'd/+' }, () => {});
    expect((await refusal(session.subscribe({ topic: 'e/+' }, () => {}))).kind).toBe('limit_exceeded');
  });

  test('[H30] topics that are held with other options count too', async () => {
    bed.start({ limits: { subscriptionsPerSession: 3 } });
    for (const topic of ['a/1', 'a/2']) await bed.publish(topic, 1);
    const { session, outlet } = await follow('a/+');
    let second = 0;
    await session.subscribe({ topic: 'a/#', rateHz: 1 }, (reply) => {
      second = reply.topic;
    });
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'end', view: second, code: 2001 });
    expect(bed.meter.read('tidewall_subscriptions')).toBe(2);
    expect(bed.meter.read('tidewall_views')).toBe(2);
  });

  test('[H33] [H50] a pattern finds only what its session may read, of the kind that it asks for', async () => {
    const topics = 'a/#' as TopicPattern;
    bed.start({
      access: createDecider([
        { topics, roles: ['all'], may: ['publish'] },
        { topics: 'a/open/+' as TopicPattern, roles: ['all'], may: ['read'] },
      ]),
    });
    const who = { id: 'who', roles: ['all'] };
    const outlet = new RecordingOutlet();
    await bed.hub.open(who, outlet).subscribe({ topic: '#', kind: 'log' }, () => {});
    await bed.hub.publish(who, { topic: 'a/closed', kind: 'log', data: 1 });
    await bed.hub.publish(who, { topic: 'a/open/1', kind: 'log', data: 1 });
    await bed.hub.publish(who, { topic: 'a/open/2', kind: 'state', data: 1 });
    expect(foundIn(outlet)).toEqual(['a/open/1']);
  });

  test('[H9] [H50] a topic that a source feeds and nothing was published to begins with nothing', async () => {
    bed.start();
    const { outlet } = await follow('#');
    const feed = await bed.hub.feed('f' as TopicName, 'pump', { kind: 'state' }, () => {});
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.map(({ type }) => type)).toEqual(['found']);
    feed.dispose();
    // While only its name is left.
    const late = await follow('#');
    expect(foundIn(late.outlet)).toEqual([]);
    await bed.publish('f', 1);
    await bed.clock.advance(WINDOW);
    expect(late.outlet.pushes.map(({ type }) => type)).toEqual(['found', 'value']);
    expect(texts(outlet.pushes)).toEqual(['1']);
  });

  test('[H15] what a pattern finds is not written to a session that has stopped to read', async () => {
    bed.start();
    for (let i = 0; i < 20; i++) await bed.publish(`p/${i}`, 'x'.repeat(30_000));
    const outlet = new RecordingOutlet();
    outlet.stall();
    const { session } = await follow('p/+', {}, outlet);
    expect(foundIn(outlet)).toHaveLength(20);
    expect(texts(outlet.pushes)).toHaveLength(3);
    outlet.resume();
    session.drained();
    expect(texts(outlet.pushes)).toHaveLength(20);
  });

  test('[H33] [H51] a pattern with presence finds only where its session may know who is present', async () => {
    const rule = { topics: '#' as TopicPattern, roles: ['all'] };
    bed.start({
      access: createDecider([
        { ...rule, may: ['read', 'publish'] },
        { ...rule, topics: 'a/open' as TopicPattern, may: ['presence'] },
      ]),
    });
    const who = { id: 'who', roles: ['all'] };
    for (const topic of ['a/open', 'a/closed']) await bed.hub.publish(who, { topic, data: 1 });
    const outlet = new RecordingOutlet();
    await bed.hub.open(who, outlet).subscribe({ topic: 'a/+', presence: true }, () => {});
    await bed.hub.publish(who, { topic: 'a/later', data: 1 });
    expect(foundIn(outlet)).toEqual(['a/open']);
  });

  test('[H19] a session that ends leaves no pattern', async () => {
    bed.start();
    const { session, outlet } = await follow('#');
    session.end();
    await bed.publish('a', 1);
    expect(outlet.pushes).toEqual([]);
    // A command that was waiting when it ended.
    await session.subscribe({ topic: '#' }, () => expect.unreachable());
    expect(bed.meter.read('tidewall_patterns')).toBe(0);
  });
});

const part = fc.constantFrom('a', 'b', 'c');
const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/') as TopicName);
const patternText = fc
  .tuple(fc.array(fc.oneof(part, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([parts, rest]) => [...parts, ...(rest || parts.length === 0 ? ['#'] : [])].join('/') as TopicPattern);

test('[H50] a tree of patterns finds what comparing each of them finds, and keeps nothing of what was taken out', () => {
  fc.assert(
    fc.property(
      fc.array(patternText, { maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 6 }),
      name,
      (patterns, out, topic) => {
        const tree = new PatternTree<number>();
        for (const [i, pattern] of patterns.entries()) tree.add(pattern, i);
        const left = new Set(patterns.keys());
        for (const i of out) {
          const pattern = patterns[i];
          if (pattern !== undefined) tree.delete(pattern, i);
          left.delete(i);
        }
        const expected = [...left].filter((i) => matchesPattern(patterns[i] as string, topic));
        expect(tree.match(topic).sort((a, b) => a - b)).toEqual(expected);
        expect(tree.size).toBe(left.size);
      },
    ),
    { numRuns: 1000 },
  );
});
