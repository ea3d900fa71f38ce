import { get } from 'node:http';
import { type Client, createClient } from '@tidewall/client';
import { createPollTransport } from '@tidewall/gateways/poll/client';
import { createEventStreamTransport } from '@tidewall/gateways/sse/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const PASSWORD = 'correct horse battery';
const ADMIN = { id: 'server', roles: ['admin'] };
let host: TestHost;
let admin: string;

beforeAll(async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1', access: 'closed', adminPassword: PASSWORD } });
  admin = await cookieOf('admin', PASSWORD);
  await host.hub.publish(ADMIN, { topic: 'sales', data: { v: 1 } });
});
afterAll(() => host.close());

/** As a page of this server sends it. */
function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${host.url}${path}`, {
    method,
    headers: { 'x-tidewall-csrf': '1', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function cookieOf(name: string, password: string): Promise<string> {
  const answer = await ask('POST', '/api/session', { name, password });
  expect(answer.status).toBe(200);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const asAdmin = (method: string, path: string, body?: unknown) => ask(method, path, body, { cookie: admin });
const addUser = async (name: string, roles: readonly string[]) => {
  expect((await asAdmin('POST', '/api/users', { name, password: PASSWORD, roles })).status).toBe(200);
};

describe('a user', () => {
  test('signs in, is who it is, and signs out; its cookie is out of reach of scripts and other sites', async () => {
    await addUser('ann', ['viewer']);
    const answer = await ask('POST', '/api/session', { name: 'ann', password: PASSWORD });
    const set = answer.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^tidewall_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const cookie = set.split(';')[0] ?? '';
    const who = async () => (await ask('GET', '/api/session', undefined, { cookie })).json();
    expect(await who()).toEqual({ id: 'user:ann', user: 'ann', roles: ['viewer'], closed: true, setup: false });
    expect((await fetch(`${host.url}/api/topics/sales`, { headers: { cookie } })).status).toBe(200);
    expect((await ask('POST', '/api/topics/sales', 2, { cookie })).status).toBe(403);
    const out = await ask('DELETE', '/api/session', undefined, { cookie });
    expect(out.headers.get('set-cookie')).toMatch(/^tidewall_session=; .*Max-Age=0$/);
    expect(await who()).toMatchObject({ id: 'anybody' });
  });

  test('[A8] that is wrong gets one answer, whatever is wrong, and has to wait after some', async () => {
    const answers: string[] = [];
    for (const name of ['ann', 'nobody', '../etc/passwd', '']) {
      const answer = await ask('POST', '/api/session', { name, password: 'wrong password' });
      answers.push(`${answer.status} ${await answer.text()}`);
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^401 .*the name or the password is wrong/);
    for (let i = 0; i < 5; i++) await ask('POST', '/api/session', { name: 'eve', password: 'wrong password' });
    const waits = await ask('POST', '/api/session', { name: 'eve', password: 'wrong password' });
    expect(waits.status).toBe(429);
    expect(Number(waits.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('changes its password, and is signed out elsewhere', async () => {
    await addUser('kim', []);
    const [here, there] = [await cookieOf('kim', PASSWORD), await cookieOf('kim', PASSWORD)];
    const change = (current: string) =>
      ask('PUT', '/api/session/password', { current, password: 'another long password' }, { cookie: here });
    expect((await change('wrong password')).status).toBe(401);
    expect((await change(PASSWORD)).status).toBe(200);
    const who = async (cookie: string) => (await ask('GET', '/api/session', undefined, { cookie })).json();
    expect(await who(here)).toMatchObject({ id: 'user:kim' });
    expect(await who(there)).toMatchObject({ id: 'anybody' });
    await cookieOf('kim', 'another long password');
  });
});

describe('[A7] with a valid cookie, a page of another site', () => {
  const strangers: readonly Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
  ];
  test.each(strangers)('changes nothing, and reads nothing: %j', async (said) => {
    const headers = { cookie: admin, ...said };
    const own = { method: 'POST', headers, body: '{"name":"x","password":"x".repeat(20),"roles":["admin"]}' };
    expect((await fetch(`${host.url}/api/users`, own)).status).toBe(403);
    if (said['origin'] === undefined) {
      expect((await fetch(`${host.url}/api/users`, { headers })).status).toBe(403);
      expect((await fetch(`${host.url}/sse?topic=sales`, { headers })).status).toBe(403);
      expect((await fetch(`${host.url}/poll?topic=sales`, { headers })).status).toBe(403);
    }
  });

  test('opens no WebSocket, by which it could do anything', async () => {
    const tried = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${host.url.replace('http', 'ws')}/ws`, 'tidewall.v1.json', { headers });
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
        socket.on('error', () => {});
        socket.on('close', (code) => resolve(code));
        socket.on('message', () => resolve(200));
        socket.on('open', () => socket.send('{"id":1,"connect":{"version":1}}'));
      });
    expect(await tried({ cookie: admin, origin: 'http://evil.example' })).toBe(403);
    // What says nothing of where it comes from is no browser; with the cookie of one it has to.
    expect(await tried({ cookie: admin })).toBe(403);
    expect(await tried({ cookie: admin, origin: host.url })).toBe(200);
  });

  test('may lead here by a link, as any page may', async () => {
    const headers = { cookie: admin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const status = await new Promise((resolve, reject) => {
      get(`${host.url}/api/session`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(200);
  });
});

describe('[A5] who is connected', () => {
  const open: Client[] = [];
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  class CookieSocket extends WebSocket {
    static cookie = '';
    constructor(url: string, protocols: string) {
      super(url, protocols, { headers: { cookie: CookieSocket.cookie, origin: host.url } });
    }
  }

  test.each(['websocket', 'sse', 'poll'])(
    'over %s is out within five seconds when it is let in no more',
    async (wire) => {
      const name = `guest-${wire}`;
      await addUser(name, ['viewer']);
      const cookie = await cookieOf(name, PASSWORD);
      CookieSocket.cookie = cookie;
      const fetched: typeof fetch = (input, init) =>
        fetch(input, {
          ...init,
          headers: { ...(init?.headers as Record<string, string>), cookie, 'x-tidewall-csrf': '1' },
        });
      const transports = {
        websocket: () => createWebSocketTransport(CookieSocket as never),
        sse: () => createEventStreamTransport({ fetch: fetched } as never),
        poll: () => createPollTransport({ fetch: fetched } as never),
      };
      const client = createClient({
        ...{ url: host.url, transports: [transports[wire as 'poll']()], random: () => 0, unattended: false },
      });
      open.push(client);
      let held: unknown;
      let refused: string | undefined;
      client.follow('sales', {}, (replica) => {
        held = replica.value();
        refused = replica.refused?.name;
      });
      await expect.poll(() => held, { timeout: 5000 }).toEqual({ v: 1 });
      expect((await asAdmin('PATCH', `/api/users/${name}`, { disabled: true })).status).toBe(200);
      // Told so for good, or nobody any more when it comes again.
      const isOut = () => client.status.type === 'closed' || refused === 'permission_denied';
      await expect.poll(isOut, { timeout: 5000 }).toBe(true);
      await host.hub.publish(ADMIN, { topic: 'sales', data: { v: 1, secret: true } });
      expect(held).toEqual({ v: 1 });
      await host.hub.publish(ADMIN, { topic: 'sales', data: { v: 1 } });
    },
  );
});

test('the first admin is made once, by the link, and from then on rules decide', async () => {
  const fresh = await startTestHost();
  try {
    const call = (method: string, path: string, body?: unknown) =>
      fetch(`${fresh.url}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    expect(await (await call('GET', '/api/session')).json()).toMatchObject({ closed: false, setup: true });
    const { token } = (await (await call('POST', '/api/setup-link')).json()) as { token: string };
    const made = { token, name: 'root', password: PASSWORD };
    expect((await call('POST', '/api/setup', { ...made, token: 'x' })).status).toBe(401);
    expect((await call('POST', '/api/setup', { ...made, password: 'short' })).status).toBe(400);
    expect((await call('POST', '/api/setup', made)).status).toBe(200);
    expect((await call('POST', '/api/setup', { ...made, name: 'second' })).status).toBe(401);
    expect((await call('POST', '/api/topics/a', 1)).status).toBe(403);
    expect((await call('GET', '/api/users')).status).toBe(401);
  } finally {
    await fresh.close();
  }
});
