import type { JsonObject, JsonValue } from '@tidewall/base';
import type { FollowOptions, LinkStatus, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { ClientBed, failure, LOG, refusal, STATE } from './client-bed.contract.ts';
import { ANSWER_MS, MAX_WAITING, WAIT_MS } from './commands.ts';
import { ScriptedServer } from './scripted-server.contract.ts';

let bed: ClientBed;
let clock: FakeClock;
let server: ScriptedServer;
let client: Client;

beforeEach(() => {
  bed = new ClientBed();
  ({ clock, server } = bed);
});

afterEach(() => bed.close());

function start(options: Partial<ClientOptions> = {}): void {
  client = bed.start(options);
}

const follow = (topic: string, options: FollowOptions = {}) => bed.follow(topic, options);
const followed = (topic: string, reply: JsonObject, options: FollowOptions = {}) => bed.followed(topic, reply, options);

describe('the link', () => {
  test('[C2] connects when it is made, with version and name, and tells each status', async () => {
    const statuses: LinkStatus[] = [];
    start({ name: 'hall-A' });
    client.onStatus((status) => statuses.push(status));
    server.link.opens();
    expect(server.link.command('connect').body).toEqual({ version: 1, codec: 'json', name: 'hall-A' });
    server.link.says({
      id: server.link.command('connect').id,
      connect: { session: 's9', node: 'n', now: 0, pingMs: 25_000 },
    });
    server.link.closes(1006, 'the link broke');
    await clock.advance(20_000);
    client.close();
    expect(statuses.map((status) => status.type)).toEqual([
      'connecting',
      'live',
      'waiting',
      'connecting',
      'waiting',
      'connecting',
      'closed',
    ]);
    expect(statuses[1]).toMatchObject({ session: 's9', recovered: true });
    expect(statuses[2]).toMatchObject({
      reason: 'the link broke',
      retryAt: 1_700_000_000_000 + 750,
      retryAfterMs: 750,
    });
  });

  test('[C2] comes back after a break, and says so', async () => {
    start();
    server.link.greets();
    server.link.closes(1006);
    await clock.advance(750);
    server.link.greets();
    expect(client.status.type).toBe('live');
    expect(client.counts.reconnects).toBe(1);
  });

  test('[C4] a bye ends the link at once, and its window is kept', async () => {
    start();
    server.link.greets();
    server.link.says({ bye: { code: 4001, reason: 'the server stops', afterMs: [1_000, 3_000] } });
    expect(server.link.hungUp).toBeDefined();
    await clock.advance(1_999);
    expect(server.links).toHaveLength(1);
    await clock.advance(1);
    expect(server.links).toHaveLength(2);
  });

  test('[C7] a transport that does not open is given up after 10 s', async () => {
    start();
    await clock.advance(9_999);
    expect(server.link.hungUp).toBeUndefined();
    await clock.advance(1);
    expect(server.link.hungUp).toBeDefined();
    expect(client.status).toMatchObject({ type: 'waiting' });
  });

  test('[C10] a transport that throws is passed over, unless it does so at once: then the caller is told', async () => {
    let throws = true;
    const first = new ScriptedServer('first');
    const open = first.open.bind(first);
    first.open = (url, events) => {
      if (throws) throw new TypeError('no such address');
      return open(url, events);
    };
    expect(() => bed.start({ transports: [first, server] })).toThrow('no such address');
    throws = false;
    start({ transports: [first, server] });
    throws = true;
    first.link.greets();
    first.link.closes(1006);
    await clock.advance(750);
    expect(client.status).toMatchObject({ type: 'waiting', reason: expect.stringContaining('no such address') });
    await clock.advance(2_000);
    server.link.greets();
    expect(client.status.type).toBe('live');
  });

  test('[C7] a server that accepts and then says nothing is given up', async () => {
    start();
    server.link.opens();
    await clock.advance(10_000);
    expect(server.link.hungUp).toBeDefined();
    expect(client.status).toMatchObject({ type: 'waiting' });
  });

  test.each(['not json', '{"half":', '[1]', 'null', '7', '"text"', '{"t":1}\n}'])(
    '[C9] %s ends the link',
    async (text) => {
      start();
      server.link.greets();
      server.link.saysText(text);
      expect(server.link.hungUp?.code).toBe(4501);
      expect(client.status.type).toBe('waiting');
    },
  );

  test('[C9] frames of a newer wire are passed over', () => {
    start();
    server.link.greets();
    server.link.says({ weather: 'fair' }, { t: 1, join: [] }, { id: 99, dance: {} }, {});
    expect(client.status.type).toBe('live');
  });

  test('[C10] what does not open gives way to the next transport, which is kept for an hour', async () => {
    const second = new ScriptedServer('second');
    start({ transports: [server, second] });
    server.link.closes(1006);
    await clock.advance(750);
    second.link.greets({ pingMs: 120_000 });
    second.link.closes(1006);
    await clock.advance(1_000);
    expect(second.links).toHaveLength(2);
    second.link.greets({ pingMs: 120_000 });
    for (let i = 0; i < 60; i++) {
      await clock.advance(60_000);
      second.link.says({ pong: { t0: 0, t1: 0, t2: 0 } });
    }
    second.link.closes(1006);
    await clock.advance(750);
    expect(server.links).toHaveLength(2);
  });

  test('[C11] an older link is not heard', async () => {
    start();
    const old = server.link;
    old.greets();
    client.onStatus(() => {});
    await clock.advance(40_000);
    expect(old.hungUp).toBeDefined();
    await clock.advance(20_000);
    server.link.greets();
    old.closes(1006);
    old.says({ bye: { code: 4503, reason: 'late' } });
    expect(client.status.type).toBe('live');
  });

  test('[C11] what stands behind a bye is not heard', async () => {
    start();
    server.link.greets({ now: clock.now() });
    await clock.advance(1_000);
    const t0 = client.serverNow();
    server.link.says({ bye: { code: 4001, reason: '' } }, { pong: { t0, t1: t0 + 9e6, t2: t0 + 9e6 } });
    expect(client.serverNow()).toBe(clock.now());
  });

  test('[C13] a machine that slept asks for the time at once, whoever notices first', async () => {
    start();
    server.link.greets({ now: clock.now() });
    await clock.advance(2_000);
    const pings = () => server.link.sent.filter((frame) => 'ping' in frame).length;
    const before = pings();
    client.serverNow();
    expect(pings()).toBe(before);
    clock.jump(3_600_000);
    client.serverNow();
    client.serverNow();
    expect(pings()).toBe(before + 1);
    const { ping } = server.link.sent.at(-1) as { ping: { t0: number } };
    server.link.says({ pong: { t0: ping.t0, t1: clock.now(), t2: clock.now() } });
    expect(client.serverNow()).toBe(clock.now());
  });

  test('[C12] the connect reply and pongs tell the server clock', async () => {
    start();
    server.link.opens();
    const { id } = server.link.command('connect');
    server.link.says({ id, connect: { session: 's', node: 'n', now: clock.now() + 7_000, pingMs: 25_000 } });
    expect(client.serverNow()).toBe(clock.now() + 7_000);
  });
});

describe('a subscription', () => {
  test('[C14] is shared by its followers, and the last to go unsubscribes', async () => {
    start();
    server.link.greets();
    const first = follow('plant/a', { rewindCount: 10 });
    const second = follow('plant/a', { rewindCount: 50, kind: 'log' });
    await clock.advance(0);
    expect(server.link.commands('subscribe').map(({ body }) => body)).toEqual([
      { topic: 'plant/a', kind: 'log', rewind: { count: 50 } },
    ]);
    server.link.says(server.link.accepted(LOG), { t: 1, o: 6, d: 'six' });
    expect(first.replica?.value()).toEqual(['six']);
    expect(second.replica).toBe(first.replica);
    first.stop();
    first.stop();
    expect(server.link.commands('unsubscribe')).toHaveLength(0);
    second.stop();
    expect(server.link.command('unsubscribe').body).toEqual({ topic: 1 });
    server.link.says({ t: 1, o: 7, d: 'nobody hears this' });
    expect(first.calls + second.calls).toBe(2);
  });

  test('[C14] given up before its answer, it is unsubscribed when the answer comes', async () => {
    start();
    server.link.greets();
    const seen = follow('plant/a');
    await clock.advance(0);
    seen.stop();
    server.link.says(server.link.accepted(STATE));
    expect(server.link.command('unsubscribe').body).toEqual({ topic: 1 });
    expect(seen.calls).toBe(0);
  });

  test('[C14] who follows second is shown what is there', async () => {
    start();
    await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 42 });
    const second = follow('plant/a');
    expect(second.calls).toBe(0);
    await clock.advance(0);
    expect(second.replica?.value()).toBe(42);
  });

  test('[C14] a larger rewind of a later follower starts the log anew', async () => {
    start();
    const first = await followed('plant/a', LOG, { rewindCount: 1 });
    server.link.says({ t: 1, o: 6, d: 6 });
    follow('plant/a', { rewindCount: 3 });
    expect(server.link.command('unsubscribe').body).toEqual({ topic: 1 });
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a', kind: 'log', rewind: { count: 3 } });
    server.link.says(
      server.link.accepted({ ...LOG, offset: 3 }),
      { t: 1, o: 4, d: 4 },
      { t: 1, o: 5, d: 5 },
      { t: 1, o: 6, d: 6 },
    );
    expect(first.replica?.value()).toEqual([4, 5, 6]);
    expect(first.replica?.lost).toBe(0);
  });

  test('[C15] [W35] all of them go out again behind the connect command, in one frame, from their positions', async () => {
    start();
    await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 1 }, { t: 1, o: 6, d: 2 });
    follow('plant/b');
    server.link.closes(1006);
    await clock.advance(750);
    server.link.opens();
    expect(server.link.frames).toBe(1);
    expect(server.link.sent.map((frame) => frame['connect'] ?? frame['subscribe'])).toEqual([
      { version: 1, codec: 'json' },
      { topic: 'plant/a', kind: 'state', since: { epoch: 'e1', offset: 6 } },
      { topic: 'plant/b' },
    ]);
  });

  test('[C15] hundreds of topics are subscribed at the pace that the server takes', async () => {
    start();
    server.link.greets();
    for (let i = 0; i < 200; i++) follow(`plant/${i}`);
    await clock.advance(0);
    expect(server.link.commands('subscribe')).toHaveLength(79);
    await clock.advance(1_000);
    expect(server.link.commands('subscribe').length).toBeLessThanOrEqual(79 + 41);
    await clock.advance(5_000);
    expect(new Set(server.link.commands('subscribe').map(({ body }) => body['topic'])).size).toBe(200);
  });

  test('[C16] a gap is not applied, and asked for from the position: at once, then by back-off', async () => {
    start();
    const seen = await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 'five' }, { t: 1, o: 8, n: 2, m: { broken: true } });
    expect(seen.replica?.value()).toBe('five');
    expect(server.link.command('unsubscribe').body).toEqual({ topic: 1 });
    expect(server.link.command('subscribe').body).toEqual({
      topic: 'plant/a',
      kind: 'state',
      since: { epoch: 'e1', offset: 5 },
    });
    expect(client.counts.resyncs).toBe(1);
    // What the server sends until it has heard is of the old subscription.
    server.link.says({ t: 1, o: 6, d: 'stray' });
    server.link.says(server.link.accepted({ ...STATE, recovered: true }), { t: 1, o: 8, n: 3, d: 'eight' });
    expect(seen.replica?.value()).toBe('eight');
    server.link.says({ t: 1, o: 10, d: 'ten' });
    expect(server.link.commands('subscribe')).toHaveLength(2);
    await clock.advance(750);
    expect(server.link.commands('subscribe')).toHaveLength(3);
  });

  test.each([{ o: 'six' }, { o: 6.5 }, { o: -1 }, {}, { o: 6, n: 0 }, { o: 6, n: 'x' }])(
    '[C16] a push without a position that makes sense (%j) is a gap',
    async (place) => {
      start();
      const seen = await followed('plant/a', LOG);
      server.link.says({ t: 1, d: 'x', ...place } as JsonObject);
      expect(client.counts.resyncs).toBe(1);
      expect(seen.replica?.value()).toBeUndefined();
    },
  );

  test('[C17] what is held already is dropped', async () => {
    start();
    const seen = await followed('plant/a', LOG);
    server.link.says({ t: 1, o: 6, d: 6 });
    server.link.says({ t: 1, o: 6, d: 6 });
    expect(seen.replica?.value()).toEqual([6]);
    expect(client.counts).toMatchObject({ duplicates: 1, resyncs: 0 });
  });

  test('[C17] an older snapshot that comes late does not turn the replica back', async () => {
    start();
    const seen = await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 'five' }, { t: 1, o: 6, d: 'six' }, { t: 1, o: 5, r: 1, d: 'five' });
    expect(seen.replica?.value()).toBe('six');
    expect(server.link.command('subscribe').body).toMatchObject({ since: { epoch: 'e1', offset: 6 } });
  });

  test('[C18] after a restart of the server the status and the replica tell the break, and the snapshot takes over', async () => {
    start();
    const seen = await followed('plant/a', LOG);
    server.link.says({ t: 1, o: 6, d: 'old' });
    server.link.closes(1006);
    await clock.advance(750);
    server.link.greets();
    server.link.says(server.link.accepted({ ...LOG, epoch: 'e2', offset: 40, recovered: false }));
    expect(client.status).toMatchObject({ type: 'live', recovered: false });
    expect(seen.replica).toMatchObject({ breaks: 1 });
    expect(seen.replica?.value()).toEqual(['old']);
    server.link.says({ t: 1, o: 40, r: 1, d: ['39', '40'] });
    expect(seen.replica?.value()).toEqual(['39', '40']);
    expect(seen.replica?.lost).toBe(38);
  });

  test('[C19] a link that breaks between the answer and the snapshot leaves the old position', async () => {
    start();
    const seen = await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 'old' });
    server.link.closes(1006);
    await clock.advance(750);
    server.link.greets();
    server.link.says(server.link.accepted({ ...STATE, epoch: 'e2', offset: 90 }));
    server.link.closes(1006);
    await clock.advance(20_000);
    server.link.opens();
    expect(server.link.command('subscribe').body).toMatchObject({ since: { epoch: 'e1', offset: 5 } });
    expect(seen.replica?.value()).toBe('old');
  });

  test('[C19] a new epoch in which nothing was published empties the replica', async () => {
    start();
    const seen = await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 'old' });
    server.link.closes(1006);
    await clock.advance(750);
    server.link.greets();
    server.link.says(server.link.accepted({ ...STATE, epoch: 'e2', offset: 0 }), { t: 1, o: 0, r: 1, d: null });
    expect(seen.replica?.value()).toBeUndefined();
  });

  test.each([
    [{ kind: 'state' }, { d: 'old' }],
    [{ kind: 'table' }, { d: [{ id: 1 }] }],
    [{ kind: 'series' }, { d: { t: [1], v: [1] } }],
    [{ kind: 'log' }, { d: ['old'] }],
  ])(
    '[C19] a new epoch in which nothing was published voids a replica (%j), also without a snapshot',
    async (kind, d) => {
      start();
      const seen = await followed('plant/a', { ...STATE, ...kind });
      server.link.says({ t: 1, o: 6, ...(kind.kind === 'log' ? { d: 'old' } : { r: 1, ...d }) } as JsonObject);
      const { revision } = seen.replica as TopicReplica;
      server.link.closes(1006);
      expect(seen.replica?.value()).toBeDefined();
      await clock.advance(750);
      server.link.greets();
      server.link.says(server.link.accepted({ ...STATE, ...kind, epoch: 'e2', offset: 0 }));
      expect(seen.replica?.value()).toBeUndefined();
      expect(seen.replica?.revision).toBeGreaterThan(revision);
      server.link.says({ t: 1, o: 1, ...(kind.kind === 'log' ? { d: 'new' } : { r: 1, ...d }) } as JsonObject);
      expect(seen.replica?.value()).toBeDefined();
      expect(client.counts.resyncs).toBe(0);
    },
  );

  test('[C34] a kind that a publication has proven is said again, also after a second restart', async () => {
    start();
    await followed('plant/a', { kind: 'series', epoch: 'e1', offset: 0 });
    server.link.says({ t: 1, o: 1, d: { t: [1], v: [1] } });
    for (const epoch of ['e2', 'e3']) {
      server.link.closes(1006);
      await clock.advance(20_000);
      server.link.greets();
      expect(server.link.command('subscribe').body).toMatchObject({ topic: 'plant/a', kind: 'series' });
      server.link.says(server.link.accepted({ kind: 'series', epoch, offset: 0 }));
    }
  });

  test('[C34] a kind that the server guessed is not said', async () => {
    start();
    await followed('plant/a', { kind: 'state', epoch: 'e1', offset: 0 });
    server.link.closes(1006);
    await clock.advance(750);
    server.link.opens();
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a', since: { epoch: 'e1', offset: 0 } });
  });

  test('[C34] a topic that was only looked at turns into what its first publication says', async () => {
    start();
    const seen = await followed('plant/a', { kind: 'state', epoch: 'e1', offset: 0 });
    server.link.says({ t: 1, end: { code: 2500, reason: 'plant/a is a log now' } });
    await clock.advance(0);
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a', since: { epoch: 'e1', offset: 0 } });
    server.link.says(server.link.accepted({ kind: 'log', epoch: 'e1', offset: 0, recovered: true }), {
      t: 1,
      o: 1,
      d: 'first',
    });
    expect(seen.replica).toMatchObject({ kind: 'log', lost: 0, refused: undefined });
    expect(seen.replica?.value()).toEqual(['first']);
    expect(client.counts.resyncs).toBe(0);
  });

  test('[C34] a kind that is refused and that nobody here asked for voids the replica, and is asked for', async () => {
    start();
    const seen = await followed('plant/a', STATE);
    server.link.says({ t: 1, o: 5, r: 1, d: 'old' });
    server.link.closes(1006);
    await clock.advance(750);
    server.link.greets();
    server.link.says({ id: server.link.command('subscribe').id, ...refusal('wrong_kind', 115, false) });
    expect(seen.replica?.refused).toBeUndefined();
    expect(seen.replica?.value()).toBeUndefined();
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a' });
    server.link.says(server.link.accepted({ ...LOG, epoch: 'e2' }), { t: 1, o: 6, d: 'new' });
    expect(seen.replica).toMatchObject({ kind: 'log', refused: undefined });
    expect(seen.replica?.value()).toEqual(['new']);
  });

  test('[C34] a kind that somebody here asked for is refused as ever', async () => {
    start();
    const seen = await followed('plant/a', STATE, { kind: 'state' });
    server.link.closes(1006);
    await clock.advance(750);
    server.link.greets();
    server.link.says({ id: server.link.command('subscribe').id, ...refusal('wrong_kind', 115, false) });
    expect(seen.replica?.refused?.name).toBe('wrong_kind');
    expect(server.link.commands('subscribe')).toHaveLength(1);
  });

  test('[C27] a point more than a minute ahead of the server is left out, by its clock or the publication', async () => {
    start();
    server.link.greets({ now: clock.now() });
    const seen = follow('plant/a');
    await clock.advance(0);
    const now = clock.now();
    server.link.says(
      server.link.accepted({ kind: 'series', epoch: 'e1', offset: 0 }),
      { t: 1, o: 1, at: now - 3_600_000, d: { t: [now, now + 60_000, now + 60_001], v: [1, 2, 3] } },
      { t: 1, o: 2, at: now + 9_000_000, d: { t: [now + 9_000_000], v: [4] } },
    );
    expect(seen.replica?.value()).toEqual({ t: [now, now + 60_000, now + 9_000_000], v: [1, 2, 4] });
    expect(seen.replica).toMatchObject({ leftOut: 1 });
  });

  test('[C20] a gap that the server tells is counted, and the log goes on', async () => {
    start();
    const seen = await followed('plant/a', LOG);
    server.link.says({ t: 1, o: 6, d: 6 }, { t: 1, o: 10, gap: { from: 7, to: 10 } }, { t: 1, o: 11, d: 11 });
    expect(seen.replica?.value()).toEqual([6, 11]);
    expect(seen.replica?.lost).toBe(4);
    server.link.says({ t: 1, o: 10, gap: { from: 7, to: 10 } });
    expect(seen.replica?.lost).toBe(4);
    expect(client.counts.resyncs).toBe(0);
  });

  test('[C20] a gap that begins beyond the position explains too little', async () => {
    start();
    const seen = await followed('plant/a', LOG);
    server.link.says({ t: 1, o: 10, gap: { from: 8, to: 10 } });
    expect(client.counts.resyncs).toBe(1);
    expect(seen.replica?.lost).toBe(0);
  });

  test('[C21] a signal is heard whatever its offset, and has no since', async () => {
    start();
    const seen = await followed('plant/a', { kind: 'signal', epoch: 'e1', offset: 5 });
    server.link.says({ t: 1, o: 9, d: 'go' });
    expect(seen.replica?.value()).toBe('go');
    server.link.closes(1006);
    await clock.advance(750);
    server.link.opens();
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a', kind: 'signal' });
    expect(client.counts.resyncs).toBe(0);
  });

  test('[C22] a refusal for good is shown, and tried again slowly', async () => {
    start();
    server.link.greets({ pingMs: 120_000 });
    const seen = follow('plant/a');
    await clock.advance(0);
    server.link.says({ id: server.link.command('subscribe').id, ...refusal('permission_denied', 103, false) });
    expect(seen.replica?.refused).toEqual({ name: 'permission_denied', message: 'refused: permission_denied' });
    await clock.advance(59_999);
    expect(server.link.commands('subscribe')).toHaveLength(1);
    await clock.advance(1);
    server.link.says(server.link.accepted(STATE));
    expect(seen.replica?.refused).toBeUndefined();
  });

  test('[C22] where somebody attends, a refusal for good is the end of it until the next session', async () => {
    start({ unattended: false });
    server.link.greets({ pingMs: 120_000 });
    const seen = follow('plant/a');
    await clock.advance(0);
    server.link.says({ id: server.link.command('subscribe').id, ...refusal('permission_denied', 103, false) });
    await clock.advance(90_000);
    expect(seen.replica?.refused).toBeDefined();
    expect(server.link.commands('subscribe')).toHaveLength(1);
  });

  test('[C22] a refusal that may pass is tried again when the server says', async () => {
    start();
    server.link.greets();
    const seen = follow('plant/a');
    await clock.advance(0);
    server.link.says({ id: server.link.command('subscribe').id, ...refusal('busy', 113, true, 2_000) });
    expect(seen.replica?.refused).toBeUndefined();
    await clock.advance(1_999);
    expect(server.link.commands('subscribe')).toHaveLength(1);
    await clock.advance(1);
    expect(server.link.commands('subscribe')).toHaveLength(2);
  });

  test('[C22] a server that leaves a subscribe command without an answer gets a new session', async () => {
    start();
    server.link.greets();
    follow('plant/a');
    await clock.advance(ANSWER_MS);
    expect(server.links[0]?.hungUp?.reason).toContain('subscribe');
  });

  test('[C23] ended by the server: asked for again from 2500 up, refused below', async () => {
    start();
    const seen = await followed('plant/a', LOG);
    server.link.says({ t: 1, end: { code: 2500, reason: 'moved' } });
    await clock.advance(0);
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a', since: { epoch: 'e1', offset: 5 } });
    server.link.says(server.link.accepted({ ...LOG, recovered: true }), {
      t: 1,
      end: { code: 2000, reason: 'not for you' },
    });
    expect(seen.replica?.refused).toEqual({ name: 'ended', message: 'not for you' });
  });

  test('[C24] changed is called once for what was received together, and a follower that throws stops nobody', async () => {
    const failures: unknown[] = [];
    start({ failed: (thrown) => failures.push(thrown) });
    server.link.greets();
    client.follow('plant/a', {}, () => {
      throw new Error('of the page');
    });
    const seen = follow('plant/a');
    await clock.advance(0);
    server.link.says(
      server.link.accepted(LOG),
      { t: 1, o: 6, d: 1 },
      { t: 1, o: 7, d: 2 },
      { t: 1, q: { state: 'late', asOf: 9 } },
    );
    expect(seen.calls).toBe(1);
    expect(seen.replica).toMatchObject({ revision: 2, freshness: { state: 'late', asOf: 9 } });
    expect(failures).toHaveLength(1);
    expect(client.counts.failures).toBe(1);
  });

  test('watching hears each push after the replica has it', async () => {
    start();
    server.link.greets();
    const heard: [number | undefined, JsonValue][] = [];
    client.watch('plant/a', {}, (push, replica) => heard.push([push.o, structuredClone(replica.value()) as JsonValue]));
    await clock.advance(0);
    server.link.says(server.link.accepted(LOG), { t: 1, o: 6, d: 'a' }, { t: 1, o: 6, d: 'a' }, { t: 1, o: 7, d: 'b' });
    expect(heard).toEqual([
      [6, ['a']],
      [7, ['a', 'b']],
    ]);
  });

  test('a late topic is ok again with the next publication, a failed one when the server says so', async () => {
    start();
    const seen = await followed('plant/a', { ...STATE, freshness: { state: 'ok', asOf: 1, expectEveryMs: 1_000 } });
    server.link.says({ t: 1, q: { state: 'stale', asOf: 1, expectEveryMs: 1_000 } });
    server.link.says({ t: 1, o: 5, r: 1, at: client.serverNow(), d: 1 });
    expect(seen.replica?.freshness.state).toBe('ok');
    server.link.says({ t: 1, q: { state: 'failed', asOf: 1, reason: 'no disk' } });
    server.link.says({ t: 1, o: 6, at: client.serverNow(), d: 1 });
    expect(seen.replica?.freshness).toMatchObject({ state: 'failed', asOf: client.serverNow() });
  });

  test('[C29] data that is not of the kind is asked for anew', async () => {
    start();
    const seen = await followed('plant/a', { kind: 'series', epoch: 'e1', offset: 5 });
    server.link.says({ t: 1, o: 5, r: 1, d: { t: [1], v: [1] } }, { t: 1, o: 6, d: { t: [1], v: [1, 2] } });
    expect(server.link.command('subscribe').body).toEqual({ topic: 'plant/a', kind: 'series' });
    server.link.says(server.link.accepted({ kind: 'series', epoch: 'e1', offset: 6 }), {
      t: 1,
      o: 6,
      r: 1,
      d: { t: [1, 2], v: [1, 2] },
    });
    expect(seen.replica?.value()).toEqual({ t: [1, 2], v: [1, 2] });
  });
});

describe('commands', () => {
  test('[C30] a publication resolves with its position, or rejects with what the server said', async () => {
    start();
    server.link.greets();
    const kept = client.publish('plant/a', { value: 1 }, { op: 'merge', kind: 'state', at: 5 });
    const { id, body } = server.link.command('publish');
    expect(body).toEqual({ topic: 'plant/a', op: 'merge', kind: 'state', at: 5, data: { value: 1 } });
    server.link.says({ id, publish: { epoch: 'e', offset: 3 } });
    expect(await kept).toEqual({ epoch: 'e', offset: 3 });
    const refused = client.publish('plant/a', 1);
    server.link.says({ id: server.link.command('publish').id, ...refusal('shape_mismatch', 117, false) });
    expect(await failure(refused)).toMatchObject({ kind: 'shape_mismatch' });
  });

  test('[C30] history resolves with its page', async () => {
    start();
    server.link.greets();
    const page = client.history('plant/a', { limit: 2, reverse: true });
    const { id, body } = server.link.command('history');
    expect(body).toEqual({ topic: 'plant/a', limit: 2, reverse: true });
    server.link.says({ id, history: { epoch: 'e', offset: 3, kind: 'log', entries: [], more: false } });
    expect(await page).toMatchObject({ kind: 'log', more: false });
  });

  test('[C30] sent when the link breaks: the outcome is unknown, and it is not sent again', async () => {
    start();
    server.link.greets();
    const lost = client.publish('plant/a', 1);
    server.link.closes(1006);
    expect(await failure(lost)).toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
    await clock.advance(750);
    server.link.greets();
    expect(server.link.commands('publish')).toHaveLength(0);
  });

  test('[C31] without a link they wait, in order', async () => {
    start();
    const all = [client.publish('a', 1), client.publish('a', 2)];
    server.link.greets();
    const sent = server.link.commands('publish');
    expect(sent.map(({ body }) => body['data'])).toEqual([1, 2]);
    server.link.says(...sent.map(({ id }) => ({ id, publish: { epoch: 'e', offset: id } })));
    await Promise.all(all);
  });

  test('[C31] no more than 64 wait, and none for longer than 30 s', async () => {
    start();
    const waiting = Array.from({ length: MAX_WAITING }, () => failure(client.publish('a', 1)));
    expect(await failure(client.publish('a', 1))).toMatchObject({ kind: 'busy', detail: { outcome: 'not_sent' } });
    await clock.advance(WAIT_MS);
    for (const error of await Promise.all(waiting))
      expect(error).toMatchObject({ kind: 'busy', detail: { outcome: 'not_sent' } });
    // The room is free again.
    const next = client.publish('a', 1);
    client.close();
    expect(await failure(next)).toMatchObject({ kind: 'not_available' });
  });

  test('[C31] a command without an answer ends after 15 s, and the link stays', async () => {
    start();
    server.link.greets();
    const lost = failure(client.publish('a', 1));
    await clock.advance(ANSWER_MS);
    expect(await lost).toMatchObject({ kind: 'busy', detail: { outcome: 'unknown' } });
    expect(client.status.type).toBe('live');
  });

  test('[C32] drain finishes what is under way and takes nothing new', async () => {
    start();
    server.link.greets();
    const kept = client.publish('a', 1);
    const drained = client.drain();
    expect(await failure(client.publish('a', 2))).toMatchObject({
      kind: 'not_available',
      detail: { outcome: 'not_sent' },
    });
    server.link.says({ id: server.link.command('publish').id, publish: { epoch: 'e', offset: 1 } });
    await kept;
    await drained;
    expect(client.status.type).toBe('closed');
    expect(server.link.hungUp).toMatchObject({ code: 1000 });
  });

  test('[C32] close ends everything now, and nothing is called back after it', async () => {
    start();
    const seen = await followed('plant/a', LOG);
    const lost = failure(client.publish('a', 1));
    const before = seen.calls;
    client.close();
    client.close();
    expect(await lost).toMatchObject({ detail: { outcome: 'unknown' } });
    expect(await failure(client.history('a'))).toMatchObject({ kind: 'not_available' });
    server.link.says({ t: 1, o: 6, d: 6 });
    client.follow('plant/b', {}, () => expect.unreachable())();
    client.online();
    await clock.advance(100_000);
    expect(seen.calls).toBe(before);
    expect(server.links).toHaveLength(1);
  });

  test('[C32] a follower may close the client in its callback', async () => {
    start();
    server.link.greets();
    client.follow('plant/a', {}, () => client.close());
    const second = follow('plant/b');
    await clock.advance(0);
    const [a, b] = server.link.commands('subscribe').map(({ id }) => id);
    server.link.says(
      { id: a as number, subscribe: { topic: 1, recovered: false, ...LOG } },
      { id: b as number, subscribe: { topic: 2, recovered: false, ...LOG } },
      { t: 2, o: 6, d: 6 },
    );
    expect(second.calls).toBe(0);
    expect(client.status.type).toBe('closed');
  });
});

test('a client without a transport is a mistake of its caller', () => {
  expect(() => createClient({ url: 'http://hall/', transports: [], clock })).toThrow(RangeError);
});
