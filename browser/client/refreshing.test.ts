import { type Clock, systemClock } from '@tidewall/base';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.ts';
import { ClientBed, LOG, refusal } from './client-bed.contract.ts';
import { type Credentials, withCredentials } from './credentials.ts';

const REFRESH_ID = -1;
const PATIENCE = { timeout: 15_000, interval: 10 };

describe('credentials that run out', () => {
  let bed: ClientBed;
  let fetched: number;
  let away: boolean;

  beforeEach(() => {
    bed = new ClientBed();
    [fetched, away] = [0, false];
  });

  afterEach(() => bed.close());

  const fetchOne = async (): Promise<Credentials> => {
    if (away) throw new Error('the signer is away');
    return { token: `t${++fetched}` };
  };

  /** Live with `t1`, which is good for so long. */
  async function live(expiresMs: unknown, random = 0.5): Promise<Client> {
    const options = { clock: bed.clock, random: () => random };
    const client = bed.start({ transports: [withCredentials(bed.server, fetchOne, options)] });
    bed.link.opens();
    await bed.clock.advance(0);
    bed.link.greets({ pingMs: 120_000, ...(expiresMs !== undefined && { expiresMs: expiresMs as number }) });
    await bed.clock.advance(0);
    return client;
  }

  const shown = () => bed.link.commands('refresh').map(({ body }) => body['token']);
  const says = (answer: object) => bed.link.says({ id: REFRESH_ID, ...answer });

  test.each([
    [0, 75_000],
    [0.5, 80_000],
    [1, 85_000],
  ])('[C48] are shown anew ahead of the end over the same link (random %d: after %d ms)', async (random, ms) => {
    const client = await live(100_000, random);
    bed.link.says({ t: 99, connect: { expiresMs: 5 } }, { id: 99, history: { entries: [{ expiresMs: 5 }] } });
    await bed.clock.advance(ms - 1);
    expect(shown()).toEqual([]);
    await bed.clock.advance(1);
    expect(shown()).toEqual(['t2']);
    says({ refresh: { expiresMs: 100_000 } });
    await bed.clock.advance(ms);
    expect(shown()).toEqual(['t2', 't3']);
    says({ refresh: {} });
    await bed.clock.advance(100_000);
    expect([shown().length, fetched, client.counts.reconnects]).toEqual([2, 3, 0]);
  });

  test.each([undefined, null, 'soon'])('[C48] but not where the server says %s of their end', async (expiresMs) => {
    await live(expiresMs);
    await bed.clock.advance(10_000);
    expect(shown()).toEqual([]);
  });

  test('[C48] that are always about to run out are shown once a second at most', async () => {
    await live(-5);
    for (let i = 1; i <= 10; i++) {
      await bed.clock.advance(999);
      expect(shown()).toHaveLength(i - 1);
      await bed.clock.advance(1);
      says({ refresh: { expiresMs: 0 } });
    }
    expect(shown()).toHaveLength(10);
  });

  test('[C48] [C49] that cannot be had are tried for four times, and the status says why', async () => {
    const client = await live(100_000);
    away = true;
    await bed.clock.advance(80_000);
    expect(client.status).toMatchObject({ type: 'live', refused: 'no credentials: the signer is away' });
    away = false;
    await bed.clock.advance(5_000);
    expect(shown()).toHaveLength(1);
    for (let i = 0; i < 5; i++) {
      says(refusal('busy', 113, true));
      await bed.clock.advance(5_000);
    }
    expect(shown()).toHaveLength(3);
  });

  test('[C49] that are refused for good are not shown again; the status says why until others are taken', async () => {
    const client = await live(100_000);
    const statuses: unknown[] = [];
    client.onStatus((status) => statuses.push(status));
    await bed.clock.advance(80_000);
    says(refusal('conflict', 121, false));
    await bed.clock.advance(19_000);
    expect(shown()).toEqual(['t2']);
    expect(client.status).toMatchObject({ type: 'live', recovered: true, refused: 'refused: conflict' });
    says({ refresh: { expiresMs: 100_000 } });
    expect(statuses).toHaveLength(3);
    expect(client.status).toMatchObject({ type: 'live', refused: undefined });
  });

  test('[C48] a server that does not know how ends the link, which is back at once with new ones', async () => {
    const client = await live(100_000);
    await bed.clock.advance(80_000);
    says(refusal('unknown_command', 104, false));
    await bed.clock.advance(19_000);
    expect(client.status).toMatchObject({ type: 'live' });
    expect(client.status).not.toHaveProperty('refused', expect.anything());
    bed.link.closes(4005, 'ran out');
    await bed.clock.advance(0);
    bed.link.opens();
    await bed.clock.advance(0);
    expect(bed.link.command('connect').body).toMatchObject({ token: 't3' });
  });

  test('[C48] that come when the link is gone are shown to nobody', async () => {
    let come: (credentials: Credentials) => void = () => {};
    const credentials = () =>
      new Promise<Credentials>((resolve) => {
        come = resolve;
      });
    bed.start({ transports: [withCredentials(bed.server, credentials, { clock: bed.clock, random: () => 0.5 })] });
    bed.link.opens();
    come({ token: 'first' });
    await bed.clock.advance(0);
    bed.link.greets({ pingMs: 120_000, expiresMs: 100_000 });
    await bed.clock.advance(80_000);
    const first = bed.link;
    first.closes(1006);
    come({ token: 'late' });
    await bed.clock.advance(0);
    expect(first.commands('refresh')).toEqual([]);
  });

  test('[C23] a table that other rights show otherwise begins anew, and stays until it is there; a log goes on', async () => {
    const TABLE = { kind: 'table', keyField: 'id', epoch: 'e1', offset: 5 };
    await live(undefined);
    const seen = bed.follow('t');
    await bed.clock.advance(0);
    bed.link.says(bed.link.accepted(TABLE), { t: 1, o: 5, r: 1, d: [{ id: 1 }] });
    bed.link.says({ t: 1, end: { code: 2501, reason: 'other rights' } });
    await bed.clock.advance(0);
    expect(bed.link.command('subscribe').body).not.toHaveProperty('since');
    expect(seen.replica?.value()).toEqual([{ id: 1 }]);
    bed.link.says(bed.link.accepted({ ...TABLE, topic: 2 }), { t: 2, o: 5, r: 1, d: [{ id: 2 }] });
    expect(seen.replica?.value()).toEqual([{ id: 2 }]);
    bed.follow('l');
    await bed.clock.advance(0);
    bed.link.says(bed.link.accepted({ ...LOG, topic: 3 }), { t: 3, o: 6, d: 'six' });
    bed.link.says({ t: 3, end: { code: 2501, reason: 'other rights' } });
    await bed.clock.advance(0);
    expect(bed.link.command('subscribe').body).toMatchObject({ topic: 'l', since: { offset: 6 } });
  });
});

describe('tokens of a real server', () => {
  const SECRET = 'the secret of the issuer of this test, long enough';
  let host: TestHost;
  let client: Client | undefined;

  beforeEach(async () => {
    const issuer = { issuer: 'https://id.example/', audience: 'wall', secret: SECRET, rulesClaim: 'rules' };
    const tokens = { id: issuer };
    host = await startTestHost({ settings: { host: '127.0.0.1', access: 'closed', tokens } });
  });

  afterEach(async () => {
    client?.close();
    await host.close();
  });

  test('[C48] one connection shows one token after the other without a break, and what it follows ends when a token takes it away', async () => {
    let fetched = 0;
    const may = (topics: string) => [{ topics, may: ['read'] }];
    const token = () =>
      new SignJWT({ rules: ++fetched < 3 ? may('shop/#') : may('shop/a') })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('https://id.example/')
        .setAudience('wall')
        .setSubject('ann')
        .setExpirationTime('1m')
        .sign(Buffer.from(SECRET));
    const credentials = async () => ({ token: await token() });
    // A minute is no time to wait for.
    const clock: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 100, run) };
    const transport = withCredentials(createWebSocketTransport(WebSocket), credentials, { clock, random: () => 0 });
    client = createClient({ url: host.url, transports: [transport] });
    const heard: unknown[] = [];
    let refused: unknown;
    client.watch('shop/a', { kind: 'log' }, ({ d }) => void (d !== undefined && heard.push(d)));
    client.follow('shop/b', {}, (replica) => {
      refused = replica.refused;
    });
    await vi.waitFor(() => expect(client?.status.type).toBe('live'), PATIENCE);
    const admin = { id: 'test', roles: ['admin'] };
    await vi.waitFor(() => expect(fetched).toBe(2), PATIENCE);
    await host.hub.publish(admin, { topic: 'shop/a', kind: 'log', data: 1 });
    expect(refused).toBeUndefined();
    await vi.waitFor(() => expect(refused).toMatchObject({ name: 'ended' }), PATIENCE);
    await vi.waitFor(() => expect(fetched).toBeGreaterThan(3), PATIENCE);
    await host.hub.publish(admin, { topic: 'shop/a', kind: 'log', data: 2 });
    await vi.waitFor(() => expect(heard).toEqual([1, 2]), PATIENCE);
    expect(client.counts).toMatchObject({ reconnects: 0, resyncs: 0, duplicates: 0 });
  });
});
