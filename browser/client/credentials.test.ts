import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.ts';
import { ClientBed, LOG } from './client-bed.contract.ts';
import { type Credentials, withCredentials } from './credentials.ts';
import { ScriptedServer } from './scripted-server.contract.ts';

const PATIENCE = { timeout: 15_000, interval: 10 };

/** Credentials that are told apart by their number, and how many were fetched. */
function numbered(): { fetched: number; fetch(): Promise<Credentials> } {
  const signer = { fetched: 0, fetch: async () => ({ token: `t${++signer.fetched}` }) };
  return signer;
}

describe('credentials', () => {
  let bed: ClientBed;

  beforeEach(() => {
    bed = new ClientBed();
  });

  afterEach(() => bed.close());

  /** Live with `t1`, following a log that is at 5. */
  async function live(signer: ReturnType<typeof numbered>, unattended = true) {
    const client = bed.start({ transports: [withCredentials(bed.server, () => signer.fetch())], unattended });
    const heard: unknown[] = [];
    client.watch('a', {}, ({ d }) => heard.push(d));
    bed.link.opens();
    await bed.clock.advance(0);
    bed.link.greets();
    bed.link.says(bed.link.accepted(LOG), { t: 1, o: 6, d: 'six' });
    await bed.clock.advance(1_000);
    return { client, heard };
  }

  test.each([
    ['a bye with 4005', () => bed.link.says({ bye: { code: 4005, reason: 'the token ran out' } })],
    ['4005 without a bye', () => bed.link.closes(4005, 'the token ran out')],
    ['4500, since the key was rotated', () => bed.link.closes(4500, 'the token ran out')],
  ])(
    '[C45] that ran out (%s) are fetched once, and the link is back at once, from its positions',
    async (_end, ends) => {
      const signer = numbered();
      const { client, heard } = await live(signer);
      const statuses: unknown[] = [];
      client.onStatus((status) => statuses.push(status));
      ends();
      await bed.clock.advance(0);
      expect(bed.server.links).toHaveLength(2);
      bed.link.opens();
      await bed.clock.advance(0);
      expect(signer.fetched).toBe(2);
      expect(bed.link.command('connect').body).toMatchObject({ token: 't2' });
      expect(bed.link.command('subscribe').body).toMatchObject({ topic: 'a', since: { epoch: 'e1', offset: 6 } });
      bed.link.greets();
      bed.link.says(bed.link.accepted({ ...LOG, offset: 6, recovered: true }), { t: 1, o: 7, d: 'seven' });
      await bed.clock.advance(10_000);
      expect(heard).toEqual(['six', 'seven']);
      expect([signer.fetched, bed.server.links.length, client.counts]).toMatchObject([
        2,
        2,
        { reconnects: 1, resyncs: 0, duplicates: 0 },
      ]);
      expect(statuses).toMatchObject([
        { type: 'live', recovered: true },
        { type: 'waiting', retryAfterMs: 0, reason: 'the token ran out' },
        { type: 'connecting' },
        { type: 'live', recovered: true },
      ]);
    },
  );

  test('[C45] a link that comes back by new ones and is ended again waits by back-off, and a key that stays wrong is final', async () => {
    const signer = numbered();
    const { client } = await live(signer, false);
    bed.link.closes(4005, 'ran out');
    await bed.clock.advance(0);
    bed.link.opens();
    await bed.clock.advance(0);
    bed.link.closes(4005, 'ran out again');
    expect(client.status).toMatchObject({ type: 'waiting', retryAfterMs: 1_000 });
    await bed.clock.advance(1_000);
    bed.link.opens();
    await bed.clock.advance(0);
    bed.link.closes(4500, 'the signature is wrong');
    expect(client.status).toEqual({ type: 'closed', code: 4500, reason: 'the signature is wrong' });
    expect([signer.fetched, bed.server.links.length]).toEqual([3, 3]);
  });

  test('[C10] [C42] [C45] that are refused, or cannot be had, say nothing against the transport', async () => {
    const lower = new ScriptedServer('lower');
    let away = true;
    const fetch = async () => {
      if (away) throw new Error('the signer is away');
      return { token: 't' };
    };
    const client = bed.start({ transports: [bed.server, lower].map((one) => withCredentials(one, fetch)) });
    bed.link.opens();
    await bed.clock.advance(0);
    expect(client.status).toMatchObject({ type: 'waiting', reason: 'no credentials: the signer is away' });
    away = false;
    await bed.clock.advance(1_000);
    bed.link.opens();
    await bed.clock.advance(0);
    bed.link.closes(4005, 'ran out');
    await bed.clock.advance(2_000);
    expect([bed.server.links.length, lower.links.length]).toEqual([3, 0]);
  });

  test('[C42] that come when the link is gone already are for nobody, and the next link fetches its own', async () => {
    const waiting: ((credentials: Credentials) => void)[] = [];
    const fetch = () => new Promise<Credentials>((resolve) => waiting.push(resolve));
    bed.start({ transports: [withCredentials(bed.server, fetch)] });
    const first = bed.link;
    first.opens();
    await bed.clock.advance(10_000);
    expect(first.hungUp).toBeDefined();
    await bed.clock.advance(20_000);
    bed.link.opens();
    waiting[0]?.({ token: 'late' });
    waiting[1]?.({ token: 'own' });
    await bed.clock.advance(0);
    expect(first.sent).toEqual([]);
    expect(bed.link.command('connect').body).toMatchObject({ token: 'own' });
  });
});

describe('credentials of a real server', () => {
  let host: TestHost;
  let client: Client | undefined;
  let key: { readonly id: string; readonly secret: string };

  beforeEach(async () => {
    host = await startTestHost();
    const answer = await fetch(`${host.url}/api/keys`, { method: 'POST', body: '{"name":"hall"}' });
    key = (await answer.json()) as typeof key;
  });

  afterEach(async () => {
    client?.close();
    await host.close();
  });

  /** What a page's own server does for it, by the rule of the wire. */
  function signed(secret = key.secret) {
    const { id } = key;
    const timestamp = Math.floor(Date.now() / 1000);
    const nonce = randomUUID();
    const noClaims = createHash('sha256').update('').digest('hex');
    const text = ['tidewall.v1', id, '', timestamp, nonce, noClaims].join('\0');
    return { key: { id, timestamp, nonce, sig: createHmac('sha256', secret).update(text).digest('base64url') } };
  }

  function open(credentials: () => Promise<object>): Client {
    const transport = withCredentials(createWebSocketTransport(WebSocket), credentials);
    client = createClient({ url: host.url, transports: [transport], random: () => 0 });
    return client;
  }

  test('[C42] each connect carries credentials that were fetched for it, and what was asked for meanwhile follows', async () => {
    let fetched = 0;
    const one = open(async () => {
      fetched++;
      return signed();
    });
    const replicas: unknown[] = [];
    one.follow('a', { presence: true }, (replica) => void replicas.push(replica.presence));
    await vi.waitFor(() => expect(one.status.type).toBe('live'), PATIENCE);
    expect(await one.publish('a', 1)).toMatchObject({ offset: 1 });
    expect(await one.presence('a')).toMatchObject({ members: [{ id: `key:${key.id}` }] });
    const { port } = host;
    await host.close();
    await vi.waitFor(() => expect(one.status.type).not.toBe('live'), PATIENCE);
    host = await startTestHost({ settings: { port } });
    await vi.waitFor(() => expect(fetched).toBeGreaterThan(1), PATIENCE);
  });

  test('[C42] a signature that is wrong is refused; credentials that cannot be had are waited for', async () => {
    const wrong = open(async () => signed('not the secret'));
    await vi.waitFor(() => expect(wrong.status).toMatchObject({ type: 'waiting' }), PATIENCE);
    expect(wrong.status).toMatchObject({ reason: expect.stringContaining('signature') });
    wrong.close();
    let tries = 0;
    const late = open(async () => {
      if (++tries < 3) throw new Error('the signer is away');
      return signed();
    });
    const reasons: string[] = [];
    late.onStatus((status) => void (status.type === 'waiting' && reasons.push(status.reason)));
    await vi.waitFor(() => expect(late.status.type).toBe('live'), PATIENCE);
    expect(tries).toBe(3);
    expect(reasons).toEqual(Array(2).fill('no credentials: the signer is away'));
  });

  test('[C45] a key that is rotated costs nothing: the link is back by the new secret, and a log without a gap or a repeat', async () => {
    let { secret } = key;
    let fetched = 0;
    const one = open(async () => {
      fetched++;
      return signed(secret);
    });
    const statuses: string[] = [];
    one.onStatus((status) => void statuses.push(status.type));
    const heard: unknown[] = [];
    one.watch('a', { kind: 'log', rewindCount: 1_000_000 }, ({ d }) => void (d !== undefined && heard.push(d)));
    await vi.waitFor(() => expect(one.status.type).toBe('live'), PATIENCE);
    const publisher = { id: 'test', roles: [] };
    const publish = (data: number) => host.hub.publish(publisher, { topic: 'a', kind: 'log', data });
    for (let i = 1; i <= 3; i++) await publish(i);
    await vi.waitFor(() => expect(heard).toEqual([1, 2, 3]), PATIENCE);
    const answer = await fetch(`${host.url}/api/keys/${key.id}/rotate`, { method: 'POST', body: '{"overlapMs":0}' });
    ({ secret } = (await answer.json()) as typeof key);
    await vi.waitFor(() => expect(fetched).toBe(2), PATIENCE);
    for (let i = 4; i <= 6; i++) await publish(i);
    await vi.waitFor(() => expect(heard).toEqual([1, 2, 3, 4, 5, 6]), PATIENCE);
    expect(one.status).toMatchObject({ type: 'live', recovered: true });
    expect(statuses).toEqual(['connecting', 'live', 'waiting', 'connecting', 'live']);
    expect([fetched, one.counts.reconnects]).toEqual([2, 1]);
  });
});
