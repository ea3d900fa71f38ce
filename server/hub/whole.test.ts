import type { TopicKind } from '@tidewall/protocol';
import { RecordingEncoding, RecordingOutlet } from '@tidewall/testkit';
import { expect, test } from 'vitest';
import { anyone, texts, useHubBed, WINDOW } from './hub-bed.contract.ts';

const bed = useHubBed();

const STEPS: Readonly<Record<string, { readonly steps: readonly [data: unknown, op?: string][]; whole: unknown }>> = {
  state: { steps: [[{ a: 1 }], [{ b: 2 }, 'merge'], [{ a: null }, 'merge']], whole: { b: 2 } },
  table: { steps: [[[{ id: 1 }, { id: 2 }]], [[1], 'remove'], [{ id: 3 }]], whole: [{ id: 2 }, { id: 3 }] },
  series: { steps: [[{ t: 1, v: 1 }], [{ t: 2, v: 2 }], [{ t: 3, v: 3 }]], whole: { t: [1, 2, 3], v: [1, 2, 3] } },
  log: { steps: [['a'], ['b'], ['c']], whole: ['a', 'b', 'c'] },
};

test.each(Object.entries(STEPS))(
  '[H60] who asks for the whole of a %s is pushed all that it holds each time, and no change of it',
  async (kind, { steps, whole }) => {
    bed.start({ settings: { x: { kind: kind as TopicKind } } });
    const early = await bed.watch('x', { whole: 'kept' });
    for (const [data, op] of steps) {
      await bed.publish('x', data, { op });
      await bed.clock.advance(WINDOW);
    }
    const late = await bed.watch('x', { whole: 'kept' });
    expect(early.outlet.pushes.map((push) => push.type)).toEqual(['value', 'value', 'value']);
    expect(late.outlet.pushes.map((push) => push.type)).toEqual(['value']);
    for (const { outlet } of [early, late]) expect(JSON.parse(texts(outlet.pushes).at(-1) ?? '')).toEqual(whole);
  },
);

test('[H60] of a log, the value alone is each entry by itself, and none of before', async () => {
  bed.start({ settings: { x: { kind: 'log' } } });
  await bed.publish('x', 'before');
  const { outlet } = await bed.watch('x', { whole: 'value' });
  for (const entry of ['a', 'b']) await bed.publish('x', entry);
  await bed.clock.advance(WINDOW);
  expect(texts(outlet.pushes)).toEqual(['"a"', '"b"']);
});

test('[H60] a subscription may have bytes of its own, which all that name the same encoding share', async () => {
  bed.start();
  const own = new RecordingEncoding();
  const outlets = [new RecordingOutlet(), new RecordingOutlet()];
  for (const outlet of outlets) {
    const session = bed.hub.open(anyone, outlet);
    await session.subscribe({ topic: 'x', encoding: own }, () => {});
    await session.subscribe({ topic: 'x' }, () => {});
  }
  await bed.publish('x', 1);
  await bed.clock.advance(WINDOW);
  expect(own.encoded).toBe(1);
  for (const outlet of outlets) {
    expect(outlet.encoding.encoded).toBe(1);
    expect(texts(outlet.pushes)).toEqual(['1', '1']);
  }
});
