import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, createClient } from './client.ts';
import { withCredentials } from './credentials.ts';

const PATIENCE = { timeout: 15_000, interval: 10 };

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
