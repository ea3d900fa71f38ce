import { RecordingEncoding, RecordingOutlet } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { texts, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();

describe('pushing', () => {
  test('[H12] a frame is encoded once and the same bytes go to everybody', async () => {
    bed.start();
    const encoding = new RecordingEncoding();
    const outlets = Array.from({ length: 50 }, () => new RecordingOutlet(encoding));
    for (const outlet of outlets) await bed.watch('a', {}, outlet);
    await bed.publish('a', { v: 1 });
    expect(encoding.encoded).toBe(1);
    expect(new Set(outlets.map((outlet) => outlet.frames[0])).size).toBe(1);
  });

  test('[H12] joiners of one moment share the frame of the snapshot, as do those who lack the same', async () => {
    bed.start({ settings: { l: { kind: 'log' } } });
    const encoding = new RecordingEncoding();
    const { epoch } = await bed.publish('l', 1);
    await bed.publish('a', 'x');
    const outlets = Array.from({ length: 20 }, () => new RecordingOutlet(encoding));
    for (const outlet of outlets) await bed.watch('a', {}, outlet);
    expect(encoding.encoded).toBe(1);
    expect(new Set(outlets.map((outlet) => outlet.frames[0])).size).toBe(1);
    for (let i = 0; i < 20; i++) await bed.watch('l', { since: { epoch, offset: 0 } }, new RecordingOutlet(encoding));
    expect(encoding.encoded).toBe(2);
  });

  test('[H35] what is pushed is on one line, however it was written', async () => {
    bed.start({ settings: { l: { kind: 'log' }, s: { kind: 'signal' } } });
    for (const topic of ['a', 'l', 's']) {
      const { outlet } = await bed.watch(topic);
      const json = '{\n "v": "x\\n",\r\n "w": [1,\n2]}\n';
      await bed.publish(topic, JSON.parse(json), { json });
      await bed.clock.advance(WINDOW);
      expect(texts(outlet.pushes)).toEqual(['{"v":"x\\n","w":[1,2]}']);
    }
  });

  test('[H13] what is published in one turn after quiet goes at once, in one write', async () => {
    bed.start({ settings: { l: { kind: 'log' } } });
    const { outlet } = await bed.watch('l');
    await Promise.all(Array.from({ length: 16 }, (_, i) => bed.publish('l', i)));
    expect(outlet.writes).toBe(1);
    expect(outlet.pushes).toHaveLength(16);
  });

  test('[H13] the first goes at once, then one write a window for all topics', async () => {
    bed.start();
    const { session, outlet } = await bed.watch('a');
    await session.subscribe({ topic: 'b' }, () => {});
    await bed.publish('a', 1);
    expect(outlet.writes).toBe(1);
    const timers = bed.clock.pending;
    await bed.publish('a', 2);
    await bed.publish('b', 3);
    await bed.publish('a', 4);
    expect(outlet.writes).toBe(1);
    expect(bed.clock.pending, 'one timer a window').toBe(timers + 1);
    await bed.clock.advance(WINDOW);
    expect(outlet.writes).toBe(2);
    expect(texts(outlet.pushes)).toEqual(['1', '4', '3']);
    expect(outlet.pushes[1]).toMatchObject({ n: 2, offset: 3 });
  });

  test('[H13] a window of 0 writes once a turn of the event loop', async () => {
    bed.start({ limits: { flushWindowMs: 0 } });
    const { outlet } = await bed.watch('a');
    await bed.publish('a', 1);
    await bed.publish('a', 2);
    expect(outlet.writes).toBe(0);
    await bed.clock.advance(0);
    expect(outlet.writes).toBe(1);
  });

  test('[H14] merges in one window are folded into one merge', async () => {
    bed.start();
    await bed.publish('a', { keep: true, gone: 1 });
    const { outlet } = await bed.watch('a');
    await bed.publish('a', { x: 1 }, { op: 'merge' });
    await bed.publish('a', { x: 2, y: { z: 1 } }, { op: 'merge' });
    await bed.publish('a', { gone: null }, { op: 'merge' });
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.slice(2)).toMatchObject([{ type: 'merge', n: 2, json: '{"x":2,"y":{"z":1},"gone":null}' }]);
  });

  test('[H14] merges that no merge can say are sent as the value', async () => {
    bed.start();
    await bed.publish('a', { k: { b: 2 } });
    const { outlet } = await bed.watch('a');
    await bed.publish('a', 0, { op: 'merge' });
    await bed.publish('a', { k: 1 }, { op: 'merge' });
    await bed.publish('a', { k: { a: 1 } }, { op: 'merge' });
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({ type: 'value', json: '{"k":{"a":1}}', n: 2 });
  });

  test('[H14] a table sends the rows touched and the keys gone', async () => {
    bed.start({ settings: { t: { kind: 'table', keyField: 'k' } } });
    await bed.publish('t', [
      { k: 'a', v: 1 },
      { k: 'b', v: 1 },
    ]);
    const { outlet, reply } = await bed.watch('t');
    expect(reply.keyField).toBe('k');
    await bed.publish('t', { k: 'c' });
    await bed.publish('t', 'a', { op: 'remove' });
    await bed.publish('t', { k: 'b', v: 2 });
    await bed.publish('t', { k: 'd' });
    await bed.publish('t', ['d'], { op: 'remove' });
    await bed.clock.advance(WINDOW);
    expect(outlet.pushes.at(-1)).toMatchObject({
      type: 'rows',
      n: 4,
      upserts: '[{"k":"b","v":2}]',
      removals: '["a","d"]',
    });
  });

  test('[H15] a stalled session keeps only its offset; it skips to the newest and the others see everything', async () => {
    bed.start({ limits: { flushWindowMs: 0 } });
    const slow = await bed.watch('a');
    const fast = await bed.watch('a');
    slow.outlet.stall();
    for (let i = 1; i <= 20; i++) {
      await bed.publish('a', i);
      await bed.clock.advance(0);
    }
    expect(texts(fast.outlet.pushes)).toHaveLength(20);
    expect(texts(slow.outlet.pushes)).toEqual(['1']);
    slow.outlet.resume();
    slow.session.drained();
    expect(texts(slow.outlet.pushes)).toEqual(['1', '20']);
    expect(slow.outlet.pushes.at(-1)).toMatchObject({ n: 19, offset: 20 });
    await bed.publish('a', 21);
    await bed.clock.advance(0);
    expect(texts(slow.outlet.pushes)).toEqual(['1', '20', '21']);
    expect(bed.meter.read('tidewall_sessions_stalled')).toBe(0);
  });

  test('[H16] a log subscriber that fell behind is told what it missed, then gets the rest', async () => {
    bed.start({ settings: { l: { kind: 'log', keep: { count: 5, bytes: 1000 } } } });
    const { session, outlet } = await bed.watch('l');
    outlet.stall();
    for (let i = 1; i <= 20; i++) {
      await bed.publish('l', i);
      await bed.clock.advance(WINDOW);
    }
    outlet.resume();
    session.drained();
    expect(outlet.pushes[1]).toMatchObject({ type: 'gap', from: 2, to: 15, offset: 15 });
    expect(texts(outlet.pushes)).toEqual(['1', '16', '17', '18', '19', '20']);
  });

  test('[H19] [H46] what a rate holds back for nobody is let go, however slow the rate', async () => {
    bed.start();
    for (const rateHz of [0.001, 0.002]) {
      const { session } = await bed.watch('x', { rateHz });
      await bed.publish('x', 1);
      await bed.clock.advance(WINDOW);
      await bed.publish('x', 2);
      expect(bed.meter.read('tidewall_views_held')).toBe(1);
      session.end();
      expect(bed.meter.read('tidewall_views_held')).toBe(0);
    }
  });

  test('[H17] [H46] who reads again while a rate holds signals back hears those, and none that others have heard', async () => {
    bed.start({ settings: { s: { kind: 'signal' } } });
    const { session, outlet } = await bed.watch('s', { rateHz: 10 });
    outlet.stall();
    for (const n of [1, 2, 3]) {
      await bed.publish('s', n);
      await bed.clock.advance(200);
    }
    for (const n of [4, 5]) {
      await bed.publish('s', n);
      await bed.clock.advance(WINDOW);
    }
    outlet.resume();
    session.drained();
    await bed.clock.advance(200);
    // 1 is what it was taking when it stopped; 4 went out at once, 5 was held back.
    expect(texts(outlet.pushes)).toEqual(['1', '5']);
  });

  test('[H17] a signal is not repeated to who was behind', async () => {
    bed.start({ settings: { s: { kind: 'signal' } } });
    const { session, outlet } = await bed.watch('s');
    outlet.stall();
    for (let i = 1; i <= 4; i++) {
      await bed.publish('s', i);
      await bed.clock.advance(WINDOW);
    }
    outlet.resume();
    session.drained();
    await bed.publish('s', 5);
    await bed.clock.advance(WINDOW);
    expect(texts(outlet.pushes)).toEqual(['1', '5']);
  });

  test('[H18] a session that takes nothing for 30 s is closed, one that takes a little is not', async () => {
    bed.start();
    const dead = await bed.watch('a');
    const slow = await bed.watch('a');
    dead.outlet.stall();
    slow.outlet.stall();
    await bed.publish('a', 1);
    for (let i = 0; i < 7; i++) {
      slow.outlet.take(1);
      await bed.clock.advance(5000);
    }
    expect(dead.outlet.closed?.code).toBe('no_progress');
    expect(slow.outlet.closed).toBeUndefined();
    expect(bed.meter.read('tidewall_sessions')).toBe(1);
  });

  test('a slow session gets round to all of its topics', async () => {
    bed.start();
    const { session, outlet } = await bed.watch('a');
    await session.subscribe({ topic: 'b' }, () => {});
    await session.subscribe({ topic: 'c' }, () => {});
    outlet.stall();
    await bed.publish('a', 0);
    for (let round = 1; round <= 3; round++) {
      for (const topic of ['a', 'b', 'c']) await bed.publish(topic, round);
      await bed.clock.advance(WINDOW);
      session.drained();
    }
    const views = outlet.pushes.slice(1).map((push) => push.topic);
    expect(new Set(views).size).toBe(3);
  });
});
