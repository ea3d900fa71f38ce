import { once } from 'node:events';
import { FakeClock, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';

/*
 * Who comes by the trusted proxy on this machine has the address that it says; who comes without it has none that counts.
 */

const open: { host?: TestHost } = {};
const clock = new FakeClock();

afterEach(async () => {
  await open.host?.close();
  delete open.host;
});

async function start(rates: object): Promise<TestHost> {
  const settings = { host: '127.0.0.1', trustedProxies: ['127.0.0.1'], rates: rates as never };
  open.host = await startTestHost({ clock, settings });
  return open.host;
}

interface Sent {
  readonly from?: string;
  readonly authorization?: string;
}

function publish({ url }: TestHost, data: string, { from, authorization }: Sent): Promise<Response> {
  const headers = {
    ...(from !== undefined && { 'x-forwarded-for': from }),
    ...(authorization !== undefined && { authorization }),
  };
  return fetch(`${url}/api/topics/a`, { method: 'POST', body: data, headers });
}

async function newKey({ url }: TestHost): Promise<string> {
  const made = await fetch(`${url}/api/keys`, { method: 'POST', body: '{}' });
  const { id, secret } = (await made.json()) as { readonly id: string; readonly secret: string };
  return `Bearer ${id}:${secret}`;
}

const statuses = async (answers: readonly Promise<Response>[]) =>
  (await Promise.all(answers)).map(({ status }) => status).sort();

test('a house of version 6 has one allowance of calls; others, this machine and pages are not its concern', async () => {
  const host = await start({ perAddress: { requestsPerSecond: 1, requestBurst: 2 } });
  const house = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:0db8:1:2::7'];
  expect(await statuses(house.map((from) => publish(host, '1', { from })))).toEqual([200, 200, 429]);
  const refused = await publish(host, '1', { from: house[0] as string });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({
    error: { name: 'too_many_requests', afterMs: 1000, detail: { setting: 'rates.perAddress.requestsPerSecond' } },
  });
  expect((await publish(host, '1', { from: '2001:db8:1:3::1' })).status).toBe(200);
  expect(await statuses(Array.from({ length: 5 }, () => publish(host, '1', {})))).toEqual([200, 200, 200, 200, 200]);
  const page = await fetch(`${host.url}/nowhere`, { headers: { 'x-forwarded-for': house[0] as string } });
  expect(page.status).toBe(404);
  await clock.advance(1000);
  expect((await publish(host, '1', { from: house[0] as string })).status).toBe(200);
});

test('two keys behind one address have one each, and one key from many addresses has one', async () => {
  const host = await start({ perCaller: { requestsPerSecond: 1, requestBurst: 2 } });
  const [first, second] = [await newKey(host), await newKey(host)];
  const from = '203.0.113.7';
  const ask = (authorization: string, at: string) => publish(host, '1', { from: at, authorization });
  const three = ['198.51.100.1', '198.51.100.2', '198.51.100.3'];
  expect(await statuses(three.map((at) => ask(first, at)))).toEqual([200, 200, 429]);
  expect((await ask(first, from)).status).toBe(429);
  expect((await ask(second, from)).status).toBe(200);
  // It counts from this machine, too.
  expect((await publish(host, '1', { authorization: first })).status).toBe(429);
});

test('published bytes count over HTTP and a session alike, and are refused with how long to wait', async () => {
  const host = await start({ perAddress: { publishBytesPerSecond: 1024, publishBurstBytes: 2048 } });
  const from = '203.0.113.8';
  const data = JSON.stringify('x'.repeat(1022));
  expect((await publish(host, data, { from })).status).toBe(200);
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, { headers: { 'x-forwarded-for': from } });
  const frames: { readonly id: number; readonly error?: { readonly name: string; readonly afterMs: number } }[] = [];
  socket.on('message', (text) => {
    for (const line of String(text).split('\n')) frames.push(JSON.parse(line) as (typeof frames)[number]);
  });
  await once(socket, 'open');
  socket.send('{"id":1,"connect":{"version":1}}');
  socket.send(`{"id":2,"publish":{"topic":"a","data":${data}}}`);
  socket.send(`{"id":3,"publish":{"topic":"a","data":${data}}}`);
  await vi.waitFor(() => expect(frames).toHaveLength(3), 10_000);
  expect(frames[1]?.error).toBeUndefined();
  expect(frames[2]?.error).toMatchObject({ name: 'too_many_requests', afterMs: 1000 });
  expect((await publish(host, data, { from })).status).toBe(429);
  socket.terminate();
});

test('subscriptions count for all sessions of an address, and end with them', async () => {
  const host = await start({ perAddress: { subscriptions: 2 } });
  const following = async (topics: string) => {
    const answer = await fetch(`${host.url}/poll?waitMs=0&${topics}`, {
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });
    await answer.text();
    return answer.status;
  };
  for (let i = 0; i < 5; i++) expect(await following('topic=a&topic=b')).toBeLessThan(300);
  expect(await following('topic=a&topic=b&topic=c')).toBe(429);
  expect(await following('topic=a&topic=b')).toBeLessThan(300);
});

test('a refusal is in the audit once, and counted each time', async () => {
  const host = await start({ perAddress: { requestsPerSecond: 1, requestBurst: 1 } });
  for (let i = 0; i < 5; i++) await publish(host, '1', { from: '203.0.113.10' });
  const metrics = await (await fetch(`${host.url}/metrics`)).text();
  expect(metrics).toContain('tidewall_rate_limited_total{limit="requests",by="address"} 4');
  expect(metrics).not.toContain('203.0.113.10');
  await vi.waitFor(async () => {
    const page = (await (await fetch(`${host.url}/api/audit`)).text()).split('\n');
    expect(page.filter((line) => line.includes('203.0.113.10'))).toHaveLength(1);
  }, 10_000);
});
