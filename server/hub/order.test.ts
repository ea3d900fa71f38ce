import { createMemoryBroker } from '@tidewall/brokers/memory';
import { DEFAULT_LIMITS, KINDS, type TopicKind } from '@tidewall/protocol';
import { CountingMeter, FakeClock, RecordingOutlet, silentLog } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyone, useHubBed, WINDOW } from './hub-bed.contract.ts';
import { createHub, openAccess } from './index.ts';

test('[H2] publishing resolves when the broker keeps the publication, and not before', async () => {
  const broker = createMemoryBroker({ random: () => 0.5 });
  const kept: (() => void)[] = [];
  const held = {
    ...broker,
    publish: (...of: Parameters<typeof broker.publish>) =>
      new Promise<void>((resolve) => kept.push(resolve)).then(() => broker.publish(...of)),
  };
  const hub = createHub({
    broker: held,
    access: openAccess,
    clock: new FakeClock(),
    limits: DEFAULT_LIMITS,
    meter: new CountingMeter(),
    log: silentLog,
    random: () => 0.5,
    settingsOf: () => undefined,
  });
  const resolved: number[] = [];
  const all = [1, 2, 3].map((data) =>
    hub.publish(anyone, { topic: 'a', data }).then(({ offset }) => resolved.push(offset)),
  );
  const turns = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  await turns();
  expect([kept.length, resolved]).toEqual([3, []]);
  kept[0]?.();
  await turns();
  expect(resolved).toEqual([1]);
  for (const keep of kept) keep();
  await Promise.all(all);
  expect(resolved).toEqual([1, 2, 3]);
  hub.dispose();
});

test('[H36] a publication that is refused does not unsettle a topic to which another one is under way', async () => {
  const clock = new FakeClock();
  const broker = createMemoryBroker({ random: () => 0.5 });
  let keep = () => {};
  const disk = new Promise<void>((resolve) => {
    keep = resolve;
  });
  const hub = createHub({
    broker: { ...broker, publish: (...of) => disk.then(() => broker.publish(...of)) },
    access: openAccess,
    clock,
    limits: DEFAULT_LIMITS,
    meter: new CountingMeter(),
    log: silentLog,
    random: () => 0.5,
    settingsOf: () => undefined,
  });
  const first = hub.publish(anyone, { topic: 'a', kind: 'table', data: { id: 1 } });
  const refused = hub.publish(anyone, { topic: 'a', kind: 'table', data: 'no row' });
  await expect(refused).rejects.toMatchObject({ kind: 'shape_mismatch' });
  const other = hub.publish(anyone, { topic: 'a', kind: 'log', data: 'entry' });
  const notTaken = expect(other).rejects.toMatchObject({ kind: 'wrong_kind' });
  await clock.advance(1000);
  keep();
  expect((await first).offset).toBe(1);
  await notTaken;
  expect((await hub.snapshot(anyone, 'a')).json).toBe('[{"id":1}]');
  hub.dispose();
});

describe('subscribing while others publish', () => {
  const bed = useHubBed();

  test('[H5] the reply precedes every push', async () => {
    bed.start();
    const DATA: Record<TopicKind, unknown> = { state: 1, table: { id: 1 }, series: { v: 1 }, log: 1, signal: 1 };
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...KINDS), fc.array(fc.nat(3), { maxLength: 12 }), async (kind, steps) => {
        const topic = `${kind}/${run++}`;
        const publish = () => bed.publish(topic, DATA[kind], { kind });
        const begun: Promise<unknown>[] = [];
        for (const step of steps) {
          if (step === 0) begun.push(publish());
          else if (step === 1) await publish();
          else if (step === 2) await bed.clock.advance(WINDOW);
          else {
            const outlet = new RecordingOutlet();
            const session = bed.hub.open(anyone, outlet);
            const subscribed = session.subscribe({ topic, kind }, () => expect(outlet.pushes).toEqual([]));
            begun.push(subscribed, publish());
          }
        }
        await Promise.all(begun);
      }),
      { numRuns: 100 },
    );
  });
});
