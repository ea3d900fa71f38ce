import type { JsonValue } from '@tidewall/base';
import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientBed, LOG } from './client-bed.contract.ts';

let bed: ClientBed;

beforeEach(() => {
  bed = new ClientBed();
});

afterEach(() => bed.close());

const at = (offset: number, epoch = 'e1') => ({ epoch, offset });
const entry = (o: number, t = 1) => ({ t, o, d: o });
const entries = (from: number, to: number, t = 1) =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, t));

/** What one who watches the log is told: entries, and gaps as pairs. */
function watch(options: FollowOptions = {}): JsonValue[] {
  const heard: JsonValue[] = [];
  bed.client.watch('log', options, ({ d, gap }) => {
    if (d !== undefined) heard.push(d);
    if (gap) heard.push([gap.from, gap.to]);
  });
  return heard;
}

/** Somebody watches a log that is at 5, and has heard 6 and 7. */
async function followed() {
  bed.start();
  const first = watch();
  const seen = await bed.followed('log', LOG);
  bed.link.says(entry(6), entry(7));
  expect(first).toEqual([6, 7]);
  return { first, seen };
}

const sinceAsked = () => bed.link.command('subscribe').body['since'];
const recovered = (offset: number) => bed.link.accepted({ ...LOG, offset, recovered: true, topic: 2 });

describe('a follower of a log with a position', () => {
  test('[C46] that comes to one who follows without gets what comes after it, and the other nothing twice', async () => {
    const { first, seen } = await followed();
    const second = watch({ since: at(2) });
    expect(bed.link.command('unsubscribe').body).toEqual({ topic: 1 });
    expect(sinceAsked()).toEqual(at(2));
    bed.link.says(recovered(2), ...entries(3, 8, 2));
    expect(second).toEqual([3, 4, 5, 6, 7, 8]);
    expect(first).toEqual([6, 7, 8]);
    expect(seen.replica?.value()).toEqual([3, 4, 5, 6, 7, 8]);
    expect(seen.replica).toMatchObject({ lost: 0, breaks: 0, position: at(8) });
    expect(bed.client.status).toMatchObject({ recovered: true });
  });

  test('[C46] within what is held leaves that as it is', async () => {
    const { first, seen } = await followed();
    bed.link.says(...entries(8, 20));
    const second = watch({ since: at(18) });
    const { revision } = seen.replica ?? {};
    expect(sinceAsked()).toEqual(at(18));
    bed.link.says(recovered(18), ...entries(19, 20, 2));
    expect(seen.replica).toMatchObject({ revision, position: at(20) });
    expect(seen.replica?.value()).toHaveLength(15);
    bed.link.says(entry(21, 2));
    expect(second).toEqual([19, 20, 21]);
    expect(first.slice(-2)).toEqual([20, 21]);
  });

  test('[C46] beyond what is held is told what comes after it', async () => {
    const { first } = await followed();
    const second = watch({ since: at(9) });
    expect(bed.link.commands('subscribe')).toHaveLength(1);
    bed.link.says(...entries(8, 11));
    expect(second).toEqual([10, 11]);
    expect(first).toEqual([6, 7, 8, 9, 10, 11]);
  });

  test('[C41] [C46] that is void goes on with the next, and the status says so', async () => {
    await followed();
    const second = watch({ since: at(2, 'e0') });
    expect(bed.link.commands('subscribe')).toHaveLength(1);
    expect(bed.client.status).toMatchObject({ recovered: false });
    bed.link.says(entry(8));
    expect(second).toEqual([8]);
  });

  test('[C46] of which some is gone is told so, and the others are not', async () => {
    const { first, seen } = await followed();
    const second = watch({ since: at(1) });
    bed.link.says(
      bed.link.accepted({ ...LOG, offset: 1, recovered: false, topic: 2 }),
      { t: 2, o: 3, gap: { from: 2, to: 3 } },
      ...entries(4, 8, 2),
    );
    expect(second).toEqual([[2, 3], 4, 5, 6, 7, 8]);
    expect(first).toEqual([6, 7, 8]);
    expect(seen.replica?.value()).toEqual([4, 5, 6, 7, 8]);
    expect(bed.client.status).toMatchObject({ recovered: false });
    expect(bed.link.commands('subscribe')).toHaveLength(2);
  });

  test('[C46] that a server begins behind is not asked for again and again', async () => {
    const { first } = await followed();
    const second = watch({ since: at(1) });
    bed.link.says(bed.link.accepted({ ...LOG, offset: 4, recovered: false, topic: 2 }), ...entries(5, 8, 2));
    expect(second).toEqual([5, 6, 7, 8]);
    expect(first).toEqual([6, 7, 8]);
    bed.link.says(bed.link.accepted({ ...LOG, offset: 8, topic: 2 }), entry(9, 2));
    expect([second.at(-1), first.at(-1)]).toEqual([9, 9]);
    expect(bed.link.commands('subscribe')).toHaveLength(2);
  });

  test('[C46] goes on from where it was told when the link breaks meanwhile', async () => {
    const { first } = await followed();
    const second = watch({ since: at(2) });
    bed.link.says(recovered(2), ...entries(3, 4, 2));
    await bed.reconnect();
    expect(sinceAsked()).toEqual(at(4));
    bed.link.says(recovered(4), ...entries(5, 8, 2));
    expect(second).toEqual([3, 4, 5, 6, 7, 8]);
    expect(first).toEqual([6, 7, 8]);
    await bed.reconnect();
    expect(sinceAsked()).toEqual(at(8));
  });

  test('[C16] [C46] has a gap of its own filled', async () => {
    const { first } = await followed();
    const second = watch({ since: at(2) });
    bed.link.says(recovered(2), entry(3, 2), entry(5, 2), entry(6, 2));
    expect(second).toEqual([3]);
    expect(sinceAsked()).toEqual(at(3));
    bed.link.says(recovered(3), ...entries(4, 8, 2));
    expect(second).toEqual([3, 4, 5, 6, 7, 8]);
    expect(first).toEqual([6, 7, 8]);
  });

  test('[C16] [C46] has a gap of its own filled that what is held does not have', async () => {
    const { first, seen } = await followed();
    bed.link.says(...entries(8, 20));
    const second = watch({ since: at(16) });
    bed.link.says(recovered(16), entry(17, 2), entry(19, 2));
    expect([second, sinceAsked()]).toEqual([[17], at(17)]);
    bed.link.says(recovered(17), ...entries(18, 20, 2));
    expect(second).toEqual([17, 18, 19, 20]);
    expect(first).toHaveLength(15);
    expect(seen.replica?.value()).toHaveLength(15);
  });

  test('[C46] of several that come together the oldest counts, and each gets its own', async () => {
    bed.start();
    const heard = [{ since: at(4) }, {}, { since: at(2) }].map(watch);
    bed.link.opens();
    expect(sinceAsked()).toEqual(at(2));
    const connect = bed.link.command('connect').id;
    bed.link.says(
      { id: connect, connect: { session: 's', node: 'n', now: 0, pingMs: 25_000 } },
      recovered(2),
      ...entries(3, 6, 2),
    );
    expect(heard).toEqual([
      [5, 6],
      [3, 4, 5, 6],
      [3, 4, 5, 6],
    ]);
  });

  test('[C46] keeps its place when its subscription turns out to be another one', async () => {
    const { first } = await followed();
    const second: JsonValue[] = [];
    bed.client.watch('log', { fields: ['all', 'there', 'are'], since: at(6) }, ({ d }) => second.push(d ?? null));
    await bed.clock.advance(0);
    bed.refuses('subscribe', 'already_subscribed', { topic: 1 });
    expect(sinceAsked()).toEqual(at(6));
    bed.link.says(recovered(6), ...entries(7, 8, 2));
    expect(second).toEqual([7, 8]);
    expect(first).toEqual([6, 7, 8]);
  });

  test('[C46] keeps it while it goes, and what is held goes on for the others', async () => {
    const { first } = await followed();
    const end = bed.client.watch('log', { since: at(2) }, () => {});
    end();
    bed.link.says(recovered(2), ...entries(3, 8, 2));
    expect(first).toEqual([6, 7, 8]);
    await bed.reconnect();
    expect(sinceAsked()).toEqual(at(8));
  });
});

test('[C46] a later follower that wants more of a log brings the others nothing twice', async () => {
  const { first, seen } = await followed();
  const second = watch({ rewindCount: 5 });
  expect(bed.link.command('subscribe').body).toMatchObject({ topic: 'log', rewind: { count: 5 } });
  bed.link.says(bed.link.accepted({ ...LOG, offset: 2, topic: 2 }), ...entries(3, 8, 2));
  expect(second).toEqual([3, 4, 5, 6, 7, 8]);
  expect(first).toEqual([6, 7, 8]);
  expect(seen.replica?.value()).toEqual([3, 4, 5, 6, 7, 8]);
});

test('[C46] what is published while a later follower has the log start over is not lost to the others', async () => {
  const { first, seen } = await followed();
  const second = watch({ rewindMs: 1_000 });
  // Ten more have come, of which the newest two are young enough.
  bed.link.says(bed.link.accepted({ ...LOG, offset: 15, topic: 2 }));
  expect(sinceAsked()).toEqual(at(7));
  bed.link.says(bed.link.accepted({ ...LOG, offset: 17, recovered: true, topic: 3 }), ...entries(8, 17, 3));
  expect(first).toEqual([6, 7, ...entries(8, 17).map(({ d }) => d)]);
  expect(second.slice(-2)).toEqual([16, 17]);
  expect(seen.replica).toMatchObject({ lost: 0, breaks: 0 });
});

test('[C46] a position of what is no log counts for nothing', async () => {
  bed.start();
  const seen = await bed.followed('state', { kind: 'state', epoch: 'e1', offset: 5 });
  bed.link.says({ t: 1, o: 5, r: 1, d: 'five' });
  bed.client.watch('state', { since: at(2) }, () => {});
  expect(bed.link.commands('subscribe')).toHaveLength(1);
  await bed.reconnect();
  expect(sinceAsked()).toEqual(at(5));
  expect(seen.replica?.value()).toBe('five');
});

test('[C29] [C46] after what is no entry the log goes on for everybody with what comes then', async () => {
  const { first } = await followed();
  bed.link.says({ t: 1, o: 8, m: { not: 'an entry' } });
  expect(sinceAsked()).toBeUndefined();
  bed.link.says(bed.link.accepted({ ...LOG, offset: 9, topic: 2 }), entry(10, 2));
  expect(first).toEqual([6, 7, 10]);
  expect(bed.link.commands('subscribe')).toHaveLength(2);
});
