import type { JsonObject } from '@tidewall/base';
import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientBed, STATE } from './client-bed.contract.ts';

let bed: ClientBed;

beforeEach(() => {
  bed = new ClientBed();
});

afterEach(() => bed.close());

const bodies = (name: string) => bed.link.commands(name).map(({ body }) => body);

const freshness = { state: 'quiet', asOf: 0 };

/** The push by which the pattern with the number 70 announces a topic. */
function found(topic: string, t: number, reply: JsonObject = {}, of = 70): JsonObject {
  return { t, new: { of, topic, kind: 'state', epoch: 'e1', offset: 5, recovered: false, freshness, ...reply } };
}

/** Live, following `plant/+/oee`, and accepted as number 70. */
async function following(options: FollowOptions = {}) {
  bed.start();
  bed.link.greets();
  const seen = bed.follow('plant/+/oee', options);
  await bed.clock.advance(0);
  accepted();
  return seen;
}

function accepted(topic = 70): void {
  bed.link.says({ id: bed.link.command('subscribe').id, subscribe: { topic, pattern: 'plant/+/oee' } });
}

describe('a pattern', () => {
  test('[C37] gives each topic that it finds a replica of its own', async () => {
    const seen = await following();
    expect(bodies('subscribe')).toEqual([{ topic: 'plant/+/oee' }]);
    expect(seen.calls).toBe(0);
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' }, found('plant/b/oee', 2, { kind: 'log' }), {
      t: 2,
      o: 6,
      d: 'b',
    });
    expect(seen.calls).toBe(2);
    expect([...seen.replicas].map(([topic, replica]) => [topic, replica.kind, replica.value()])).toEqual([
      ['plant/a/oee', 'state', 'a'],
      ['plant/b/oee', 'log', ['b']],
    ]);
    bed.link.says({ t: 1, o: 6, d: 'a again' });
    expect(seen.replica?.topic).toBe('plant/a/oee');
    expect(seen.calls).toBe(3);
  });

  test('[C37] says its options, and asks again with the position of each topic', async () => {
    const options: FollowOptions = { kind: 'state', rateHz: 1, filter: ['v', 'gt', 1], presence: true };
    await following(options);
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' }, found('plant/b/oee', 2));
    bed.link.says({ t: 2, o: 7, r: 1, d: 'b' });
    bed.link.says(found('plant/c/oee', 3));
    await bed.reconnect();
    expect(bodies('subscribe')).toEqual([
      {
        topic: 'plant/+/oee',
        ...options,
        positions: { 'plant/a/oee': { epoch: 'e1', offset: 5 }, 'plant/b/oee': { epoch: 'e1', offset: 7 } },
      },
    ]);
  });

  test('[C37] goes on with a topic that is called __proto__ as with any other', async () => {
    await following();
    bed.link.says(found('__proto__', 1), { t: 1, o: 5, r: 1, d: 'a' });
    await bed.reconnect();
    expect(JSON.stringify(bodies('subscribe')[0])).toContain('"positions":{"__proto__":{"epoch":"e1","offset":5}}');
  });

  test('[C37] goes on after a break with what was recovered, and tells what was not', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' });
    bed.link.says(found('plant/b/oee', 2), { t: 2, o: 5, r: 1, d: 'b' });
    const [a, b] = [seen.replicas.get('plant/a/oee'), seen.replicas.get('plant/b/oee')];
    await bed.reconnect();
    accepted(71);
    bed.link.says(
      found('plant/a/oee', 8, { recovered: true }, 71),
      { t: 8, o: 6, d: 'a6' },
      found('plant/b/oee', 9, { epoch: 'e2', offset: 1 }, 71),
      { t: 9, o: 1, r: 1, d: 'b1' },
    );
    expect(seen.replicas.get('plant/a/oee')).toBe(a);
    expect([a?.value(), b?.value()]).toEqual(['a6', 'b1']);
    expect([a, b].map((one) => (one as unknown as { breaks: number }).breaks)).toEqual([0, 1]);
    expect(bed.client.status).toMatchObject({ recovered: false });
  });

  test('[C37] with a gap in one topic is asked for again, and the others lose nothing', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' });
    bed.link.says(found('plant/b/oee', 2), { t: 2, o: 5, r: 1, d: 'b' }, { t: 2, o: 9, d: 'lost' });
    expect(bodies('unsubscribe')).toEqual([{ topic: 70 }]);
    expect(bodies('subscribe').at(-1)).toMatchObject({
      positions: { 'plant/a/oee': { offset: 5 }, 'plant/b/oee': { offset: 5 } },
    });
    // Of the old subscription: for nobody.
    bed.link.says({ t: 1, o: 6, d: 'stray' }, found('plant/d/oee', 4));
    accepted();
    bed.link.says(found('plant/a/oee', 1, { recovered: true }), { t: 1, o: 6, d: 'a6' });
    bed.link.says(found('plant/b/oee', 2, { recovered: true }), { t: 2, o: 9, n: 4, d: 'b9' });
    expect([...seen.replicas.values()].map((replica) => replica.value())).toEqual(['a6', 'b9']);
  });

  test('[C37] shows who follows second what it has found', async () => {
    await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' }, found('plant/b/oee', 2));
    const second = bed.follow('plant/+/oee');
    await bed.clock.advance(0);
    expect(bodies('subscribe')).toHaveLength(1);
    expect([...second.replicas.keys()]).toEqual(['plant/a/oee', 'plant/b/oee']);
  });

  test('[C33] whose number is given to what it finds too is asked for again, and nothing goes on for ever', async () => {
    await following();
    bed.link.says(found('plant/a/oee', 70), found('plant/a/oee', 70), { t: 70, o: 5, r: 1, d: 'a' });
    expect(bodies('unsubscribe')).toEqual([{ topic: 70 }]);
    expect(bodies('subscribe')).toHaveLength(2);
  });

  test('[C37] of topics that come and go keeps the last thousand, and all that go on', async () => {
    const seen = await following();
    bed.link.says(found('plant/stays/oee', 1), { t: 1, o: 5, r: 1, d: 'here' });
    for (let i = 2; i < 3_000; i++) {
      bed.link.says(
        found(`plant/${i}/oee`, 100 + i),
        { t: 100 + i, o: 5, r: 1, d: i },
        { t: 100 + i, end: { code: 2500, reason: 'gone' } },
      );
    }
    bed.link.says(found('plant/last/oee', 99), { t: 99, o: 5, r: 1, d: 'here too' });
    expect(seen.replicas.get('plant/2/oee')?.value()).toBe(2);
    await bed.reconnect();
    const positions = Object.keys(bed.link.command('subscribe').body['positions'] as JsonObject);
    expect(positions.length).toBeLessThanOrEqual(1_024);
    expect(positions).toEqual(expect.arrayContaining(['plant/stays/oee', 'plant/2999/oee', 'plant/last/oee']));
    accepted();
    bed.link.says(found('plant/stays/oee', 1, { recovered: true }), { t: 1, o: 6, d: 'still' });
    expect(seen.replicas.get('plant/stays/oee')?.value()).toBe('still');
  });

  test('[C37] of another kind is another subscription', async () => {
    await following({ kind: 'state' });
    bed.follow('plant/+/oee', { kind: 'log' });
    await bed.clock.advance(0);
    expect(bodies('subscribe').map(({ kind }) => kind)).toEqual(['state', 'log']);
  });

  test('[C37] is left by its own number, and nothing it finds is heard after that', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' });
    seen.stop();
    expect(bodies('unsubscribe')).toEqual([{ topic: 70 }]);
    bed.link.says({ t: 1, o: 6, d: 'b' }, found('plant/b/oee', 2));
    expect(seen.calls).toBe(1);
  });

  test('[C35] takes another rate by being asked for again from its positions', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' });
    seen.stop.configure({ rateHz: 0.5 });
    expect(bodies('configure')).toEqual([]);
    expect(bodies('unsubscribe')).toEqual([{ topic: 70 }]);
    expect(bodies('subscribe').at(-1)).toEqual({
      topic: 'plant/+/oee',
      rateHz: 0.5,
      positions: { 'plant/a/oee': { epoch: 'e1', offset: 5 } },
    });
    expect(bed.client.counts.resyncs).toBe(0);
  });

  test('[C22] that is refused is told by a replica that is called like it and holds nothing', async () => {
    bed.start();
    bed.link.greets();
    const seen = bed.follow('plant/#');
    await bed.clock.advance(0);
    bed.refuses('subscribe', 'permission_denied');
    expect(seen.replica).toMatchObject({ topic: 'plant/#', kind: undefined, refused: { name: 'permission_denied' } });
    expect(seen.replica?.value()).toBeUndefined();
  });

  test('[C23] that the server ends is refused below 2500, and asked for again above', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' });
    bed.link.says({ t: 70, end: { code: 2500, reason: 'reconfigured' } });
    await bed.clock.advance(0);
    expect(bodies('subscribe').at(-1)).toMatchObject({ positions: { 'plant/a/oee': { offset: 5 } } });
    accepted(71);
    bed.link.says({ t: 71, end: { code: 2000, reason: 'too many topics match' } });
    expect(seen.replicas.get('plant/+/oee')?.refused).toEqual({ name: 'ended', message: 'too many topics match' });
    expect(seen.replicas.get('plant/a/oee')?.value()).toBe('a');
    expect(bodies('unsubscribe')).toEqual([]);
  });

  test('[C23] goes on when one of its topics ends, and hears of it again when it begins again', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1), { t: 1, o: 5, r: 1, d: 'a' }, found('plant/b/oee', 2));
    bed.link.says({ t: 2, end: { code: 2000, reason: 'not for you' } }, { t: 1, o: 6, d: 'a6' });
    expect(seen.replicas.get('plant/b/oee')?.refused?.message).toBe('not for you');
    expect(seen.replicas.get('plant/a/oee')?.value()).toBe('a6');
    expect(bodies('subscribe')).toHaveLength(1);
    bed.link.says({ t: 1, end: { code: 2500, reason: 'a log now' } });
    expect(seen.replicas.get('plant/a/oee')?.value()).toBe('a6');
    bed.link.says(found('plant/a/oee', 9, { epoch: 'e2', offset: 1 }), { t: 9, o: 1, r: 1, d: 'new' });
    expect(seen.replicas.get('plant/a/oee')).toMatchObject({ breaks: 1, refused: undefined });
    expect(seen.replicas.get('plant/a/oee')?.value()).toBe('new');
    expect(bodies('subscribe')).toHaveLength(1);
  });

  test('[C23] a log that begins again does so as it is announced, whatever the pattern had asked for', async () => {
    const seen = await following();
    bed.link.says(found('plant/a/oee', 1, { kind: 'log' }), { t: 1, o: 6, d: 'old' });
    await bed.reconnect();
    accepted(71);
    bed.link.says(found('plant/a/oee', 1, { kind: 'log', offset: 6, recovered: true }, 71));
    bed.link.says({ t: 1, end: { code: 2500, reason: 'reconfigured' } });
    bed.link.says(found('plant/a/oee', 2, { kind: 'log', epoch: 'e2', offset: 3 }, 71), { t: 2, o: 4, d: 'new' });
    expect(seen.replicas.get('plant/a/oee')?.value()).toEqual(['new']);
    expect(seen.replicas.get('plant/a/oee')).toMatchObject({ breaks: 1 });
    expect(bed.client.counts.resyncs).toBe(0);
  });

  test.each([{ topic: 7 }, { kind: 'heap' }, { offset: -1 }, { epoch: null }])(
    '[C33] a topic that makes no sense (%j) ends the link',
    async (reply) => {
      await following();
      bed.link.says(found('plant/a/oee', 1, reply as JsonObject));
      expect(bed.link.hungUp?.code).toBe(4501);
    },
  );

  test.each([7, null, 'x', { of: 99 }, {}, { of: 'x' }])('[C33] a find of nobody (%j) is passed over', async (one) => {
    await following();
    bed.link.says({ t: 1, new: one } as JsonObject);
    expect(bed.client.status.type).toBe('live');
  });
});

describe('a topic that is followed twice under one number', () => {
  test('[C39] its pushes serve both, and what one of them holds already is not applied to it again', async () => {
    const pattern = await following();
    const named = bed.follow('plant/a/oee');
    await bed.clock.advance(0);
    bed.link.says(bed.link.accepted({ ...STATE, kind: 'log', topic: 1 }), { t: 1, o: 6, d: 6 });
    bed.link.says(found('plant/a/oee', 1, { kind: 'log', offset: 6 }), { t: 1, o: 7, d: 7 });
    expect([named.replica?.value(), pattern.replica?.value()]).toEqual([[6, 7], [7]]);
    expect(named.replica).not.toBe(pattern.replica);
    named.stop();
    bed.link.says({ t: 1, o: 8, d: 8 });
    expect(pattern.replica?.value()).toEqual([7, 8]);
    expect(bed.client.counts).toMatchObject({ resyncs: 0, duplicates: 0 });
  });

  test('[C39] a snapshot that comes again for one leaves the other where it is', async () => {
    const pattern = await following();
    const named = bed.follow('plant/a/oee');
    await bed.clock.advance(0);
    bed.link.says(bed.link.accepted({ ...STATE, topic: 1 }), { t: 1, o: 5, r: 1, d: 'five' }, { t: 1, o: 6, d: 'six' });
    bed.link.says(found('plant/a/oee', 1, { offset: 6 }), { t: 1, o: 6, r: 1, d: 'six' }, { t: 1, o: 7, d: 'seven' });
    expect([named.replica?.value(), pattern.replica?.value()]).toEqual(['seven', 'seven']);
    expect(bed.client.counts.resyncs).toBe(0);
  });

  test('[C32] a follower may close the client while a push is on its way to both', async () => {
    await following();
    bed.client.watch('plant/a/oee', {}, () => bed.client.close());
    await bed.clock.advance(0);
    bed.link.says(bed.link.accepted({ ...STATE, kind: 'log', topic: 1 }));
    bed.link.says(found('plant/a/oee', 1, { kind: 'log', offset: 2 }));
    bed.link.says({ t: 1, o: 6, d: 6 });
    expect(bed.client.status.type).toBe('closed');
    expect(bed.clock.pending).toBe(0);
  });
});
