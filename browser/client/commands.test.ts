import type { JsonValue } from '@tidewall/base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientBed, failure, refusal } from './client-bed.contract.ts';
import { MAX_WAITING, RESEND_MS, WAIT_MS } from './commands.ts';

let bed: ClientBed;

beforeEach(() => {
  bed = new ClientBed();
  bed.start();
});

afterEach(() => bed.close());

const publishes = () => bed.link.commands('publish');
const answers = (body: JsonValue, command = 'publish') =>
  bed.link.says({ id: bed.link.command(command).id, [command]: body });

describe('a publication with a key', () => {
  test('[C40] goes out again after a break, with the same key, until it is answered', async () => {
    bed.link.greets();
    const kept = bed.client.publish('plant/a', { v: 1 }, { key: 'k1', kind: 'state' });
    const body = { topic: 'plant/a', key: 'k1', kind: 'state', data: { v: 1 } };
    expect(publishes()).toMatchObject([{ body }]);
    await bed.reconnect();
    expect(publishes()).toMatchObject([{ body }]);
    await bed.reconnect();
    answers({ epoch: 'e', offset: 3 });
    expect(await kept).toEqual({ epoch: 'e', offset: 3 });
    await bed.reconnect();
    expect(publishes()).toEqual([]);
  });

  test('[C40] goes out again in the order in which they were made, before what was made later', async () => {
    bed.link.greets();
    const all = [1, 2].map((n) => bed.client.publish('plant/a', n, { key: `k${n}` }));
    bed.link.closes(1006);
    all.push(bed.client.publish('plant/a', 3));
    await bed.clock.advance(750);
    bed.link.greets();
    expect(publishes().map(({ body }) => body['data'])).toEqual([1, 2, 3]);
    for (const { id } of publishes()) bed.link.says({ id, publish: { epoch: 'e', offset: id } });
    await Promise.all(all);
  });

  test('[C40] that finds no link in time may be there or not', async () => {
    bed.link.greets();
    const lost = failure(bed.client.publish('plant/a', 1, { key: 'k' }));
    bed.link.closes(1006);
    await bed.clock.advance(WAIT_MS);
    expect(await lost).toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
  });

  test('[C40] is given up at the first break after 45 s', async () => {
    bed.link.greets();
    const lost = failure(bed.client.publish('plant/a', 1, { key: 'k' }));
    // An answer is waited for 15 s each time.
    for (const endMs = bed.clock.monotonic() + RESEND_MS; bed.clock.monotonic() < endMs; ) {
      await bed.reconnect();
      expect(publishes()).toHaveLength(1);
      await bed.clock.advance(14_000);
    }
    bed.link.closes(1006);
    expect(await lost).toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
  });

  test('[C31] waits as one of the 64: those beyond end with the break', async () => {
    bed.link.greets();
    const all = Array.from({ length: MAX_WAITING + 1 }, (_, n) => bed.client.publish('plant/a', n, { key: `k${n}` }));
    const last = failure(all.pop() as Promise<unknown>);
    bed.link.closes(1006);
    expect(await last).toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
    expect(await failure(bed.client.publish('a', 1))).toMatchObject({ kind: 'busy', detail: { outcome: 'not_sent' } });
    await bed.clock.advance(750);
    bed.link.greets();
    expect(publishes()).toHaveLength(MAX_WAITING);
    for (const { id } of publishes()) bed.link.says({ id, publish: { epoch: 'e', offset: id } });
    await Promise.all(all);
  });

  test('[C32] closing ends one that waits for its second try, and says that it may be there', async () => {
    bed.link.greets();
    const lost = failure(bed.client.publish('plant/a', 1, { key: 'k' }));
    const never = failure(bed.client.publish('plant/a', 2));
    bed.link.closes(1006);
    bed.client.close();
    expect(await lost).toMatchObject({ kind: 'not_available', detail: { outcome: 'unknown' } });
    expect(await never).toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
  });

  test('[C30] that is refused is not repeated', async () => {
    bed.link.greets();
    const refused = failure(bed.client.publish('plant/a', 1, { key: 'k' }));
    bed.link.says({ id: bed.link.command('publish').id, ...refusal('shape_mismatch', 117, false) });
    expect(await refused).toMatchObject({ kind: 'shape_mismatch' });
    await bed.reconnect();
    expect(publishes()).toEqual([]);
  });
});

describe('answers', () => {
  test('[C38] who follows a topic', async () => {
    bed.link.greets();
    const present = bed.client.presence('plant/a');
    expect(bed.link.command('presence').body).toEqual({ topic: 'plant/a' });
    answers({ count: 1, members: [{ session: 's', id: 'anonymous' }] }, 'presence');
    expect(await present).toEqual({ count: 1, members: [{ session: 's', id: 'anonymous' }] });
  });

  const position = { epoch: 'e', offset: 1 };

  test.each<[string, JsonValue]>([
    ['publish', null],
    ['publish', 7],
    ['publish', { epoch: 'e' }],
    ['publish', { epoch: 7, offset: 1 }],
    ['publish', { epoch: 'e', offset: -1 }],
    ['history', position],
    ['history', { ...position, entries: 'none' }],
    ['history', { ...position, entries: [7] }],
    ['history', { entries: [] }],
    ['presence', null],
    ['presence', { members: [] }],
  ])('[C30] to a %s command that say %j are told as none', async (command, body) => {
    bed.link.greets();
    const { client } = bed;
    const asked = {
      publish: () => client.publish('plant/a', 1),
      history: () => client.history('plant/a'),
      presence: () => client.presence('plant/a'),
    }[command] as () => Promise<unknown>;
    const failed = failure(asked());
    answers(body, command);
    expect(await failed).toMatchObject({ kind: 'internal', message: expect.stringContaining(command) });
    expect(client.status.type).toBe('live');
  });
});
