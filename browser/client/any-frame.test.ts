import type { JsonObject, JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClientBed } from './client-bed.contract.ts';

/* Frames of the right words with any values: what a server of a newer wire, or a broken one, may say. */

const EPOCHS = ['e1', 'e2'];
const number = fc.oneof(fc.nat(12), fc.constantFrom(-1, 1.5, 2 ** 53, 1e300));
const some: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 3, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom('e1', 'e2', 'log', 'state', 'topic/a', '__proto__', '') },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue> },
);

/** An object that may have each of these members, of its own kind or of any. */
function someOf(members: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonValue> {
  const loose = Object.fromEntries(
    Object.entries(members).map(([name, right]) => [
      name,
      fc.oneof({ weight: 4, arbitrary: right }, { weight: 1, arbitrary: some }),
    ]),
  );
  return fc.record(loose, { requiredKeys: [] }) as fc.Arbitrary<JsonValue>;
}

const epoch = fc.constantFrom(...EPOCHS);
const kind = fc.constantFrom('state', 'table', 'series', 'log', 'signal', 'cloud');
const freshness = someOf({ state: fc.constantFrom('ok', 'late', 'failed'), asOf: number, expectEveryMs: number });
const members = fc.array(someOf({ session: fc.constantFrom('s1', 's2'), id: fc.constant('x') }), { maxLength: 3 });
const presence = someOf({ count: number, members });
const reply = {
  topic: fc.nat(4),
  kind,
  epoch,
  offset: number,
  recovered: fc.boolean(),
  keyField: fc.constant('id'),
  freshness,
  presence,
};
const rows = fc.array(someOf({ id: number, v: some }), { maxLength: 3 });
const columns = someOf({ t: fc.array(number, { maxLength: 3 }), v: fc.array(number, { maxLength: 3 }) });
const error = someOf({
  name: fc.constantFrom(
    'busy',
    'wrong_kind',
    'already_subscribed',
    'unrecoverable_position',
    'permission_denied',
    'what',
  ),
  message: fc.constant('no'),
  afterMs: number,
  retryable: fc.boolean(),
  detail: someOf({ topic: fc.nat(4) }),
});
const id = fc.nat(12);
const frame = fc.oneof(
  {
    weight: 4,
    arbitrary: someOf({
      t: fc.nat(4),
      o: number,
      n: fc.nat(3),
      r: fc.constant(1),
      at: number,
      d: fc.oneof(some, rows, columns),
      m: some,
      u: rows,
      x: fc.array(some, { maxLength: 2 }),
      gap: someOf({ from: number, to: number }),
    }),
  },
  { weight: 1, arbitrary: someOf({ t: fc.nat(4), q: freshness }) },
  { weight: 1, arbitrary: someOf({ t: fc.nat(4), who: presence, join: members, leave: members, count: number }) },
  { weight: 1, arbitrary: someOf({ t: fc.nat(4), end: someOf({ code: fc.constantFrom(2000, 2500), reason: some }) }) },
  {
    weight: 1,
    arbitrary: someOf({
      t: fc.nat(4),
      new: someOf({ ...reply, of: fc.nat(4), topic: fc.constantFrom('topic/a', 'topic/__proto__') }),
    }),
  },
  { weight: 3, arbitrary: someOf({ id, subscribe: someOf(reply), error }) },
  { weight: 1, arbitrary: someOf({ id, configure: someOf({ topic: fc.nat(4) }), publish: someOf(reply), error }) },
  { weight: 1, arbitrary: someOf({ id, history: some, presence, connect: someOf({ session: fc.constant('s') }) }) },
  { weight: 1, arbitrary: someOf({ pong: someOf({ t0: number, t1: number, t2: number }) }) },
  {
    weight: 1,
    arbitrary: someOf({
      bye: someOf({ code: fc.constantFrom(4001, 4005, 4500, 4503), reason: some, afterMs: fc.array(number) }),
    }),
  },
);

test('[C33] [C32] whatever a server says, nothing is thrown, and after closing nothing is left', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(frame, { maxLength: 4 }), { maxLength: 12 }), async (batches) => {
      const bed = new ClientBed();
      const failures: unknown[] = [];
      const client = bed.start({ failed: (failure) => failures.push(failure) });
      bed.link.greets({ limits: { commandsPerSecond: 1_000, commandBurst: 1_000 } });
      for (const topic of ['topic/a', 'topic/b', 'topic/#']) {
        client.follow(topic, { presence: true, rewindCount: 5 }, (replica) => void replica.value());
        client.watch(
          topic,
          { presence: true, since: { epoch: 'e1', offset: 3 } },
          (_push, replica) => void replica.value(),
        );
      }
      const asked = [client.publish('topic/a', 1, { key: 'k' }), client.history('topic/a'), client.presence('topic/a')];
      const ended = Promise.allSettled(asked);
      await bed.clock.advance(0);
      for (const frames of batches) {
        bed.link.says(...(frames as JsonObject[]));
        client.serverNow();
        await bed.clock.advance(300);
        if (bed.link.hungUp === undefined) continue;
        while (bed.link.hungUp !== undefined) await bed.clock.advance(500);
        bed.link.greets();
      }
      client.pace(1);
      await bed.clock.advance(1_000);
      expect(failures).toEqual([]);
      await bed.close();
      await ended;
    }),
    { numRuns: 300 },
  );
});
