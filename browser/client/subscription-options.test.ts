import type { JsonObject } from '@tidewall/base';
import type { FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientBed, LOG, refusal, STATE } from './client-bed.contract.ts';

let bed: ClientBed;

beforeEach(() => {
  bed = new ClientBed();
});

afterEach(() => bed.close());

/** The bodies of the commands of that name, in the order in which they were sent. */
const bodies = (name: string) => bed.link.commands(name).map(({ body }) => body);

/** Two that follow with these options, accepted under the numbers 1 and 2 with the state at 5. */
async function two(a: FollowOptions, b: FollowOptions) {
  bed.start();
  bed.link.greets();
  const seen = [bed.follow('plant/a', a), bed.follow('plant/a', b)] as const;
  await bed.clock.advance(0);
  for (const [i, { id }] of bed.link.commands('subscribe').entries()) {
    const freshness = { state: 'quiet', asOf: 0 };
    bed.link.says({ id, subscribe: { ...STATE, topic: i + 1, recovered: false, freshness } });
    bed.link.says({ t: i + 1, o: 5, r: 1, d: 'five' });
  }
  return seen;
}

describe('options', () => {
  const all: FollowOptions = {
    rateHz: 2,
    filter: ['site', 'eq', 'sh'],
    fields: ['site', 'v'],
    delta: true,
    presence: true,
  };

  test('[C14] are said, and said again after a break', async () => {
    bed.start();
    await bed.followed('plant/a', STATE, all);
    bed.link.says({ t: 1, o: 5, r: 1, d: 'five' });
    expect(bodies('subscribe')).toEqual([{ topic: 'plant/a', ...all }]);
    await bed.reconnect();
    expect(bodies('subscribe')).toEqual([
      { topic: 'plant/a', kind: 'state', since: { epoch: 'e1', offset: 5 }, ...all },
    ]);
  });

  test('[C14] followers with the same options share a subscription', async () => {
    bed.start();
    bed.link.greets();
    bed.follow('plant/a', { ...all, keepCount: 5 });
    bed.follow('plant/a', all);
    await bed.clock.advance(0);
    expect(bodies('subscribe')).toHaveLength(1);
  });

  test.each([
    { rateHz: 1 },
    { filter: ['v', 'gt', 1] },
    { fields: ['v'] },
    { delta: true },
    { presence: true },
  ] satisfies FollowOptions[])('[C14] %j makes another subscription, with a replica of its own', async (options) => {
    const [plain, special] = await two({}, options);
    expect(bodies('subscribe')).toEqual([{ topic: 'plant/a' }, { topic: 'plant/a', ...options }]);
    bed.link.says({ t: 2, o: 6, d: 'six' });
    expect([plain.replica?.value(), special.replica?.value()]).toEqual(['five', 'six']);
  });

  test('[C14] a rewind by age, thinned, is said as the server knows it', async () => {
    bed.start();
    await bed.followed(
      'plant/a',
      { kind: 'series', epoch: 'e1', offset: 9 },
      {
        rewindMs: 3_600_000,
        rewindPoints: 800,
        rewindBy: 'minmax',
      },
    );
    expect(bodies('subscribe')).toEqual([{ topic: 'plant/a', rewind: { ms: 3_600_000, points: 800, by: 'minmax' } }]);
  });

  test('[C14] a later follower that wants it finer or from further back has the run start anew', async () => {
    bed.start();
    await bed.followed('plant/a', { kind: 'series', epoch: 'e1', offset: 9 }, { rewindMs: 1_000, rewindPoints: 10 });
    bed.link.says({ t: 1, o: 9, r: 1, d: { t: [1], v: [1] } });
    bed.follow('plant/a', { rewindMs: 500, rewindPoints: 10 });
    expect(bodies('subscribe')).toHaveLength(1);
    bed.follow('plant/a', { rewindMs: 500 });
    expect(bodies('unsubscribe')).toEqual([{ topic: 1 }]);
    expect(bodies('subscribe').at(-1)).toEqual({ topic: 'plant/a', kind: 'series', rewind: { ms: 1_000 } });
  });
});

describe('what a push covers', () => {
  const SERIES = { kind: 'series', epoch: 'e1', offset: 5 };

  test('[C16] one that begins before the position leads on from it', async () => {
    bed.start();
    const seen = await bed.followed('plant/a', SERIES);
    bed.link.says({ t: 1, o: 5, r: 1, d: { t: [5], v: [5] } }, { t: 1, o: 8, n: 6, d: { t: [8], v: [8] } });
    expect(seen.replica?.value()).toEqual({ t: [5, 8], v: [5, 8] });
    expect(bed.client.counts).toMatchObject({ resyncs: 0, duplicates: 0 });
    bed.link.says({ t: 1, o: 9, d: { t: [9], v: [9] } });
    expect(seen.replica?.value()).toEqual({ t: [5, 8, 9], v: [5, 8, 9] });
  });

  test('[C16] one without content moves the position, and tells that the topic lives', async () => {
    bed.start();
    const seen = await bed.followed('plant/a', { ...LOG, freshness: { state: 'late', asOf: 1, expectEveryMs: 1_000 } });
    const at = bed.client.serverNow();
    bed.link.says({ t: 1, o: 6, at, d: 'six' }, { t: 1, o: 70, n: 64, at: at + 1 });
    const { revision } = seen.replica as TopicReplica;
    expect(revision).toBe(1);
    expect(seen.replica).toMatchObject({ asOf: at + 1, freshness: { state: 'ok' } });
    bed.link.says({ t: 1, o: 70, n: 64 }, { t: 1, o: 71, d: 'next' });
    expect(seen.replica?.value()).toEqual(['six', 'next']);
    expect(bed.client.counts).toMatchObject({ resyncs: 0, duplicates: 1 });
    await bed.reconnect();
    expect(bodies('subscribe')).toMatchObject([{ since: { epoch: 'e1', offset: 71 } }]);
  });

  test('[C16] one without content that begins beyond the position is a gap as any other', async () => {
    bed.start();
    await bed.followed('plant/a', LOG);
    bed.link.says({ t: 1, o: 9, n: 3 });
    expect(bed.client.counts.resyncs).toBe(1);
    expect(bodies('subscribe').at(-1)).toMatchObject({ since: { epoch: 'e1', offset: 5 } });
  });

  test('[C19] while a snapshot is awaited, nothing else moves the position', async () => {
    bed.start();
    await bed.followed('plant/a', STATE);
    bed.link.says({ t: 1, o: 6 });
    expect(bed.client.counts.resyncs).toBe(1);
  });

  test('[C20] a log that starts over in the middle tells what it left out', async () => {
    bed.start();
    const seen = await bed.followed('plant/a', LOG);
    bed.link.says({ t: 1, o: 6, d: 6 }, { t: 1, o: 12, r: 1, d: [10, 11, 12] });
    expect(seen.replica?.value()).toEqual([10, 11, 12]);
    expect(seen.replica?.lost).toBe(3);
    bed.link.says({ t: 1, o: 12, r: 1, d: [10, 11, 12] });
    expect(seen.replica?.lost).toBe(3);
  });
});

describe('another rate', () => {
  /** Live at 5 with the value "five". */
  async function live(options: FollowOptions = {}) {
    bed.start();
    const seen = await bed.followed('plant/a', STATE, options);
    bed.link.says({ t: 1, o: 5, r: 1, d: 'five' });
    return seen;
  }
  const answers = (body: JsonObject) => bed.link.says({ id: bed.link.command('configure').id, ...body });

  test('[C35] is told to the server, and the pushes of the new number go on from the position', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 0.5 });
    expect(bodies('configure')).toEqual([{ topic: 1, rateHz: 0.5 }]);
    bed.link.says({ t: 1, o: 6, d: 'six' });
    expect(seen.replica?.value()).toBe('six');
    answers({ configure: { topic: 8 } });
    bed.link.says({ t: 8, o: 9, n: 3, d: 'nine' });
    expect(seen.replica?.value()).toBe('nine');
    seen.stop.configure({ rateHz: undefined });
    expect(bodies('configure').at(-1)).toEqual({ topic: 8, rateHz: null });
    answers({ configure: { topic: 1 } });
    bed.link.says({ t: 8, o: 10, d: 'of the old number' }, { t: 1, o: 10, d: 'ten' });
    expect(seen.replica?.value()).toBe('ten');
    expect(bed.client.counts).toMatchObject({ resyncs: 0, duplicates: 0 });
    expect(bodies('subscribe')).toHaveLength(1);
  });

  test('[C35] holds after a break', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 0.5 });
    await bed.reconnect();
    expect(bodies('subscribe')).toMatchObject([{ rateHz: 0.5, since: { offset: 5 } }]);
    expect(bodies('configure')).toEqual([]);
  });

  test('[C35] the fastest of those who share a subscription counts, also when it goes', async () => {
    const fast = await live();
    const slow = bed.follow('plant/a');
    slow.stop.configure({ rateHz: 1 });
    expect(bodies('configure')).toEqual([]);
    fast.stop();
    expect(bodies('configure')).toEqual([{ topic: 1, rateHz: 1 }]);
    answers({ configure: { topic: 2 } });
    slow.stop();
    expect(bodies('unsubscribe')).toEqual([{ topic: 2 }]);
  });

  test('[C47] paced by its page nothing comes more often, whoever asks for it, until that is over', async () => {
    const fast = await live();
    const slow = bed.follow('plant/b', { rateHz: 0.1 });
    await bed.clock.advance(0);
    bed.link.says(bed.link.accepted({ ...STATE, topic: 2 }));
    bed.client.pace(0.5);
    expect(bodies('configure')).toEqual([{ topic: 1, rateHz: 0.5 }]);
    answers({ configure: { topic: 3 } });
    fast.stop.configure({ rateHz: 5 });
    slow.stop.configure({ rateHz: 0.2 });
    expect(bodies('configure').at(-1)).toEqual({ topic: 2, rateHz: 0.2 });
    answers({ configure: { topic: 4 } });
    bed.follow('plant/c');
    await bed.clock.advance(0);
    expect(bed.link.command('subscribe').body).toMatchObject({ topic: 'plant/c', rateHz: 0.5 });
    await bed.reconnect();
    expect(bodies('subscribe').map(({ rateHz }) => rateHz)).toEqual([0.5, 0.2, 0.5]);
    for (const [i, { id }] of bed.link.commands('subscribe').entries()) {
      bed.link.says({ id, subscribe: { topic: 5 + i, recovered: true, ...STATE } });
    }
    bed.client.pace();
    expect(bodies('configure')).toEqual([
      { topic: 5, rateHz: 5 },
      { topic: 7, rateHz: null },
    ]);
  });

  test('[C35] what changed while the server changed it is said behind its answer', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 1 });
    seen.stop.configure({ rateHz: 2 });
    seen.stop.configure({ rateHz: 3 });
    expect(bodies('configure')).toHaveLength(1);
    answers({ configure: { topic: 2 } });
    expect(bodies('configure').at(-1)).toEqual({ topic: 2, rateHz: 3 });
    answers({ configure: { topic: 3 } });
    expect(bodies('configure')).toHaveLength(2);
  });

  test('[C35] a follower that goes meanwhile leaves under the new number', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 1 });
    seen.stop();
    expect(bodies('unsubscribe')).toEqual([]);
    answers({ configure: { topic: 2 } });
    expect(bodies('unsubscribe')).toEqual([{ topic: 2 }]);
    seen.stop.configure({ rateHz: 2 });
    expect(bodies('configure')).toHaveLength(1);
  });

  test('[C35] a gap meanwhile is asked for behind the answer, from the position', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 1 });
    bed.link.says({ t: 1, o: 9, d: 'lost' });
    expect(bodies('unsubscribe')).toEqual([]);
    answers({ configure: { topic: 2 } });
    expect(bodies('unsubscribe')).toEqual([{ topic: 2 }]);
    expect(bodies('subscribe').at(-1)).toMatchObject({ since: { epoch: 'e1', offset: 5 }, rateHz: 1 });
    expect(seen.replica?.value()).toBe('five');
  });

  test.each([
    refusal('not_subscribed', 120, false),
    refusal('internal', 100, true),
    refusal('already_subscribed', 105, false),
    { configure: {} },
    { configure: 'yes' },
  ])('[C35] answered by %j it is asked for again, from the position and at that rate', async (answer) => {
    const seen = await live();
    seen.stop.configure({ rateHz: 1 });
    answers(answer as JsonObject);
    expect(bodies('unsubscribe')).toEqual([{ topic: 1 }]);
    expect(bodies('subscribe').at(-1)).toEqual({
      topic: 'plant/a',
      kind: 'state',
      since: { epoch: 'e1', offset: 5 },
      rateHz: 1,
    });
    bed.link.says(bed.link.accepted({ ...STATE, topic: 2, recovered: true }), { t: 2, o: 6, d: 'six' });
    expect(seen.replica?.value()).toBe('six');
  });

  test('[C23] ended by the server meanwhile, it is asked for again, and the late answer is for nobody', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 1 });
    const { id } = bed.link.command('configure');
    bed.link.says({ t: 1, end: { code: 2500, reason: 'moved' } });
    await bed.clock.advance(0);
    expect(bodies('subscribe').at(-1)).toMatchObject({ rateHz: 1 });
    bed.link.says({ id, ...refusal('not_subscribed', 120, false) });
    expect(bodies('subscribe')).toHaveLength(2);
    bed.link.says(bed.link.accepted({ ...STATE, topic: 2, recovered: true }), { t: 2, o: 6, d: 'six' });
    expect(seen.replica?.value()).toBe('six');
  });

  test('[C23] ended by the server when its last follower has gone meanwhile, it is not asked for again', async () => {
    const seen = await live();
    seen.stop.configure({ rateHz: 1 });
    seen.stop();
    bed.link.says({ t: 1, end: { code: 2500, reason: 'moved' } });
    await bed.clock.advance(1_000);
    expect(bodies('subscribe')).toHaveLength(1);
  });

  test.each(['limit_exceeded', 'not_available', 'busy'])(
    '[C35] refused with %s it goes on at the rate that it has, and is not asked again for the same',
    async (name) => {
      const seen = await live();
      seen.stop.configure({ rateHz: 1 });
      bed.refuses('configure', name);
      seen.stop.configure({ rateHz: 1 });
      bed.link.says({ t: 1, o: 6, d: 'six' });
      expect(seen.replica?.value()).toBe('six');
      expect([bodies('subscribe').length, bodies('configure').length]).toEqual([1, 1]);
      seen.stop.configure({ rateHz: 2 });
      expect(bodies('configure')[1]).toEqual({ topic: 1, rateHz: 2 });
    },
  );

  test('[C15] hundreds of them go out at the pace that the server takes', async () => {
    bed.start();
    bed.link.greets({ limits: { commandsPerSecond: 50, commandBurst: 100 } });
    const all = Array.from({ length: 150 }, (_, i) => bed.follow(`plant/${i}`));
    await bed.clock.advance(60_000 / 12);
    for (const [i, { id }] of bed.link.commands('subscribe').entries()) {
      bed.link.says({ id, subscribe: { ...STATE, offset: 0, topic: i + 1, freshness: { state: 'quiet', asOf: 0 } } });
    }
    await bed.clock.advance(5_000);
    for (const { stop } of all) stop.configure({ rateHz: 0.5 });
    expect(bodies('configure').length).toBeLessThanOrEqual(80);
    // Wanted as before by the time that it is their turn, the others say nothing.
    for (const { stop } of all.slice(100)) stop.configure({ rateHz: undefined });
    await bed.clock.advance(5_000);
    expect(new Set(bodies('configure').map(({ topic }) => topic)).size).toBe(100);
  });
});

describe('two subscriptions that are the same to the server', () => {
  test('[C36] become one when they are subscribed', async () => {
    bed.start();
    bed.link.greets();
    const plain = bed.follow('plant/a');
    const fast = bed.follow('plant/a', { rateHz: 1_000 });
    await bed.clock.advance(0);
    const [first] = bed.link.commands('subscribe');
    const freshness = { state: 'quiet', asOf: 0 };
    bed.link.says({ id: first?.id as number, subscribe: { ...STATE, topic: 7, recovered: false, freshness } });
    bed.refuses('subscribe', 'already_subscribed', { topic: 7 });
    bed.link.says({ t: 7, o: 5, r: 1, d: 'five' });
    await bed.clock.advance(0);
    expect(fast.replica).toBe(plain.replica);
    expect(fast.replica?.value()).toBe('five');
    fast.stop();
    expect(bodies('unsubscribe')).toEqual([]);
    plain.stop();
    expect(bodies('unsubscribe')).toEqual([{ topic: 7 }]);
    expect(bed.client.status.type).toBe('live');
  });

  test('[C36] become one when one of them changes its rate', async () => {
    const [plain, slow] = await two({}, { rateHz: 1 });
    plain.stop.configure({ rateHz: 1 });
    bed.refuses('configure', 'already_subscribed', { topic: 2 });
    expect(bodies('unsubscribe')).toEqual([{ topic: 1 }]);
    await bed.clock.advance(0);
    expect(plain.replica).toBe(slow.replica);
    bed.link.says({ t: 2, o: 6, d: 'six' });
    expect(plain.replica?.value()).toBe('six');
    plain.stop.configure({ rateHz: undefined });
    expect(bodies('configure').at(-1)).toEqual({ topic: 2, rateHz: null });
  });

  test('[C36] that the server does not name are a session that both see otherwise: it ends', async () => {
    bed.start();
    bed.link.greets();
    bed.follow('plant/a');
    await bed.clock.advance(0);
    bed.refuses('subscribe', 'already_subscribed', { topic: 99 });
    expect(bed.link.hungUp?.reason).toContain('plant/a');
  });
});

describe('presence', () => {
  const member = (session: string) => ({ session, id: 'anonymous', name: `wall ${session}` });

  test('[C38] is told with the answer, and kept up with each coming and going', async () => {
    bed.start();
    const presence = { count: 1, members: [member('a')] };
    const seen = await bed.followed('plant/a', { ...STATE, presence }, { presence: true });
    expect(seen.replica?.presence).toEqual(presence);
    bed.link.says({ t: 1, join: [member('b'), member('c')], leave: [member('a')], count: 2 });
    expect(seen.replica?.presence).toEqual({ count: 2, members: [member('b'), member('c')] });
    bed.link.says({ t: 1, join: [], leave: [member('b')], count: 1 });
    expect(seen.replica?.presence).toEqual({ count: 1, members: [member('c')] });
    expect(seen.replica?.revision).toBe(0);
    expect(seen.calls).toBe(3);
  });

  test('[C38] of a crowd is a number', async () => {
    bed.start();
    const seen = await bed.followed('plant/a', { ...STATE, presence: { count: 300 } }, { presence: true });
    bed.link.says({ t: 1, join: [member('b')], leave: [], count: 301 });
    expect(seen.replica?.presence).toEqual({ count: 301 });
    bed.link.says({ t: 1, who: { count: 1, members: [member('b')] } });
    expect(seen.replica?.presence).toEqual({ count: 1, members: [member('b')] });
  });

  test.each([
    { who: 7 },
    { who: { count: -1 } },
    { who: { members: [] } },
    { join: 'all' },
    { join: [7, null], leave: { length: 1 }, count: 'many' },
  ])('[C33] %j changes nothing', async (push) => {
    bed.start();
    const presence = { count: 1, members: [member('a')] };
    const seen = await bed.followed('plant/a', { ...STATE, presence }, { presence: true });
    bed.link.says({ t: 1, ...push } as JsonObject);
    expect(seen.replica?.presence).toEqual(presence);
    expect(bed.client.counts.resyncs).toBe(0);
  });
});
