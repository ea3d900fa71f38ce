import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@tidewall/client';
import { withCredentials } from '@tidewall/client/credentials';
import { createPollTransport } from '@tidewall/gateways/poll/client';
import { createEventStreamTransport } from '@tidewall/gateways/sse/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { shareLinkSignature, shareLinkText } from '../shares/share-link.ts';

const PASSWORD = 'correct horse battery';
const SECRET = 'the-secret-of-a-key-that-signs-links';
const SERVER = { id: 'server', roles: ['admin'] };
const CARD = 'CardStat_1_0_0_1_1700000000000';
const PUSHED = 'CardStat_1_0_0_2_1700000000000';
const element = (data: object) => ({ type: 'CardStat', frame: { x: 0, y: 0, w: 10, h: 10 }, data });
const screenOf = (id: string, change: object = {}) => ({
  ...{ format: 1, id, meta: { name: id }, canvas: { width: 100, height: 100 }, pages: [{ layers: [CARD, PUSHED] }] },
  variables: { region: { default: 'sh' } },
  elements: { [CARD]: element({ binding: { type: 'topic', topic: 'sales/region={region}' } }), [PUSHED]: element({}) },
  ...change,
});

let host: TestHost;
let clients: Client[] = [];

beforeAll(async () => {
  host = await startTestHost({ settings: { host: '127.0.0.1', access: 'closed', adminPassword: PASSWORD } });
  await writeScreen(screenOf('hall'));
  await writeScreen(screenOf('other'));
  for (const region of ['sh', 'bj']) {
    await host.hub.publish(SERVER, { topic: `sales/region=${region}`, data: { value: region } });
  }
  await host.hub.publish(SERVER, { topic: 'secret', data: 1 });
  expect((await asAdmin('POST', '/api/keys', { id: 'links', secret: SECRET, roles: [] })).status).toBe(200);
});
afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
});
afterAll(() => host.close());

async function writeScreen(screen: { readonly id: string }): Promise<void> {
  await mkdir(join(host.dataDir, 'screens'), { recursive: true });
  await writeFile(join(host.dataDir, 'screens', `${screen.id}.json`), JSON.stringify(screen));
  await vi.waitFor(async () => expect((await asAdmin('GET', `/api/screens/${screen.id}`)).status).toBe(200), 10_000);
}

const cookies = new Map<string, string>();
async function as(user: string, method: string, path: string, body?: unknown): Promise<Response> {
  const send = (cookie: string, at: string, how: string, what?: unknown) =>
    fetch(`${host.url}${at}`, {
      method: how,
      headers: { 'x-tidewall-csrf': '1', cookie },
      ...(what !== undefined && { body: JSON.stringify(what) }),
    });
  let cookie = cookies.get(user);
  if (cookie === undefined) {
    const answer = await send('', '/api/session', 'POST', { name: user, password: PASSWORD });
    cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    cookies.set(user, cookie);
  }
  return send(cookie, path, method, body);
}
const asAdmin = (method: string, path: string, body?: unknown) => as('admin', method, path, body);

interface Made {
  readonly id: string;
  readonly path: string;
}
async function share(said: object = {}, screen = 'hall'): Promise<Made> {
  const answer = await asAdmin('POST', `/api/screens/${screen}/shares`, said);
  expect([answer.status, await answer.clone().text()]).toEqual([200, expect.anything()]);
  return (await answer.json()) as Made;
}
const change = (id: string, said: object) => asAdmin('PATCH', `/api/screens/hall/shares/${id}`, said);

const openRaw = (id: string, body: object = {}) =>
  fetch(`${host.url}/api/shares/${id}/open`, { method: 'POST', body: JSON.stringify(body) });
async function open(id: string, body: object = {}): Promise<{ token: string; variables: object; until: number }> {
  const answer = await openRaw(id, body);
  expect([answer.status, await answer.clone().text()]).toEqual([200, expect.anything()]);
  return (await answer.json()) as { token: string; variables: object; until: number };
}
async function refusal(id: string, body: object = {}): Promise<readonly [number, string]> {
  const answer = await openRaw(id, body);
  const { error } = (await answer.json()) as { error?: { name: string } };
  return [answer.status, error?.name ?? ''];
}
const read = async (token: string, path: string) =>
  (await fetch(`${host.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;

describe('[A11] a link to a screen', () => {
  test('shows the screen and what is on it, and nothing else', async () => {
    const { id, path } = await share({ variables: { region: 'sh' } });
    expect(path).toBe(`/share/${id}`);
    const { token, variables } = await open(id);
    expect(variables).toEqual({ region: 'sh' });
    expect(await read(token, '/api/screens/hall')).toBe(200);
    expect(await read(token, '/api/topics/sales/region=sh')).toBe(200);
    expect(await read(token, `/api/topics/screens/hall/elements/${PUSHED}`)).toBe(404);
    for (const denied of ['/api/screens/other', '/api/topics/secret', '/api/topics/$audit', '/api/users', '/metrics']) {
      expect([denied, await read(token, denied)]).toEqual([denied, 403]);
    }
    // What the link fixes, its viewer cannot change.
    expect(await read(token, '/api/topics/sales/region=bj')).toBe(403);
    const write = await fetch(`${host.url}/api/screens/hall/variables`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}` },
      body: '{"region":"bj"}',
    });
    expect(write.status).toBe(403);
    const listed = await fetch(`${host.url}/api/topics`, { headers: { authorization: `Bearer ${token}` } });
    expect(JSON.stringify(await listed.json())).not.toContain('secret');
  });

  test('without a fixed value its viewer chooses the value', async () => {
    const { token } = await open((await share()).id);
    expect(await read(token, '/api/topics/sales/region=bj')).toBe(200);
    expect(await read(token, '/api/topics/secret')).toBe(403);
  });

  test('is opened as often as it may be; who has opened it comes back without being counted', async () => {
    const { id } = await share({ mostViews: 2 });
    const first = await open(id);
    await open(id);
    expect(await refusal(id)).toEqual([413, 'limit_exceeded']);
    const again = await open(id, { token: first.token });
    expect(await read(again.token, '/api/screens/hall')).toBe(200);
    const listed = (await (await asAdmin('GET', '/api/screens/hall/shares')).json()) as {
      shares: { id: string; views: number }[];
    };
    expect(listed.shares.find((each) => each.id === id)?.views).toBe(2);
    // One of another link opens nothing here.
    const { token } = await open((await share()).id);
    expect(await refusal(id, { token })).toEqual([413, 'limit_exceeded']);
  });

  test('many who open it at once are no more than may', async () => {
    const { id } = await share({ mostViews: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => openRaw(id)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
  });

  test('with a password asks for it, and slows down who guesses', async () => {
    const { id } = await share({ password: 'open sesame' });
    const asked = await openRaw(id);
    expect([asked.status, await asked.json()]).toMatchObject([401, { error: { detail: { asks: 'password' } } }]);
    expect((await open(id, { password: 'open sesame' })).token).toMatch(/^share\./);
    for (let i = 0; i < 6; i++) await refusal(id, { password: 'wrong' });
    expect(await refusal(id, { password: 'wrong' })).toEqual([429, 'too_many_requests']);
    const list = await (await asAdmin('GET', '/api/screens/hall/shares')).text();
    expect(list).toContain('"hasPassword":true');
    expect(list).not.toMatch(/scrypt|sesame|stamp/);
  });

  test('is opened from the addresses that it names alone', async () => {
    const near = await share({ addresses: ['127.0.0.0/8', '::1'] });
    expect(await refusal(near.id)).toEqual([200, '']);
    const far = await share({ addresses: ['203.0.113.0/24'] });
    expect(await refusal(far.id)).toEqual([403, 'permission_denied']);
    // Strangers cannot say where they come from.
    const said = await fetch(`${host.url}/api/shares/${far.id}/open`, {
      method: 'POST',
      headers: { 'x-forwarded-for': '203.0.113.7' },
      body: '{}',
    });
    expect(said.status).toBe(403);
    expect((await asAdmin('POST', '/api/screens/hall/shares', { addresses: ['evil.example'] })).status).toBe(400);
  });

  test('that there is not, that has ended and that was disabled is one and the same', async () => {
    const disabled = await share();
    await change(disabled.id, { disabled: true });
    const answers = await Promise.all(
      [disabled.id, 'AAAAAAAAAAAAAAAAAAAAAA', '__proto__', 'x'].map(async (id) => (await openRaw(id)).text()),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('unknown_screen');
    expect((await asAdmin('POST', '/api/screens/hall/shares', { expiresAt: 1 })).status).toBe(400);
  });

  test('gives away nothing that who makes it may not see whole', async () => {
    const add = (name: string, roles: string[]) => asAdmin('POST', '/api/users', { name, password: PASSWORD, roles });
    await add('dee', ['designer']);
    await add('vic', ['viewer']);
    expect((await as('vic', 'POST', '/api/screens/hall/shares', {})).status).toBe(403);
    expect((await as('dee', 'POST', '/api/screens/hall/shares', {})).status).toBe(200);
    await writeScreen(
      screenOf('audited', {
        elements: { [CARD]: element({ binding: { type: 'topic', topic: '$audit' } }) },
        pages: [{ layers: [CARD] }],
      }),
    );
    expect((await as('dee', 'POST', '/api/screens/audited/shares', {})).status).toBe(403);
  });
});

describe('[A11] a link that a key has signed', () => {
  const nowS = () => Math.floor(Date.now() / 1000);
  const signed = (id: string, more: { expires?: number; variables?: Record<string, string>; secret?: string } = {}) => {
    const { expires = nowS() + 600, variables = {}, secret = SECRET } = more;
    return {
      expires: String(expires),
      variables,
      sig: shareLinkSignature(secret, shareLinkText(id, String(expires), variables)),
    };
  };
  const tcv = (id: string, timestamp: number, nonce: string) => ({
    ...{ timestamp: String(timestamp), nonce },
    signature: createHmac('sha256', SECRET).update(`${id},${timestamp},${nonce}`).digest('base64'),
  });

  test('is good until it ends, and fixes the values that were signed', async () => {
    const { id } = await share({ signedBy: 'links' });
    const { token, variables, until } = await open(id, { link: signed(id, { variables: { region: 'bj' } }) });
    expect(variables).toEqual({ region: 'bj' });
    expect(until).toBeLessThanOrEqual((nowS() + 601) * 1000);
    expect(await read(token, '/api/topics/sales/region=bj')).toBe(200);
    expect(await read(token, '/api/topics/sales/region=sh')).toBe(403);
  });

  test('is refused when anything of it was changed, when it has ended, or is for another link', async () => {
    const { id } = await share({ signedBy: 'links' });
    const other = await share({ signedBy: 'links' });
    const good = signed(id, { variables: { region: 'bj' } });
    const forged = [
      undefined,
      { ...good, variables: { region: 'sh' } },
      { ...good, variables: {} },
      { ...good, variables: { region: 'bj', more: '1' } },
      { ...good, expires: String(Number(good.expires) + 1) },
      { ...good, sig: good.sig.slice(0, -1) },
      { ...good, sig: '' },
      signed(other.id),
      signed(id, { expires: nowS() - 1 }),
      signed(id, { secret: 'another secret' }),
    ];
    for (const link of forged) expect([link, await refusal(id, { link })]).toEqual([link, [401, 'unauthenticated']]);
    expect(await refusal(id, { link: good })).toEqual([200, '']);
  });

  test('cannot be read in two ways: no value holds what parts values, and none is empty', async () => {
    const { id } = await share({ signedBy: 'links' });
    const two = signed(id, { variables: { a: '1', region: 'bj' } });
    expect(await refusal(id, { link: { ...two, variables: { a: '1\0region=bj' } } })).toEqual([400, 'bad_request']);
    expect(await refusal(id, { link: signed(id, { variables: { region: '' } }) })).toEqual([400, 'bad_request']);
  });

  test('in the form of Tencent Cloud 图 is good once, in seconds or milliseconds, within five minutes', async () => {
    const { id } = await share({ signedBy: 'links' });
    expect(await refusal(id, { link: tcv(id, nowS(), '17') })).toEqual([200, '']);
    expect(await refusal(id, { link: tcv(id, nowS() * 1000, '18') })).toEqual([200, '']);
    const once = tcv(id, nowS(), '19');
    expect(await refusal(id, { link: once })).toEqual([200, '']);
    for (const link of [once, tcv(id, nowS() - 301, '20'), { ...tcv(id, nowS(), '21'), nonce: '22' }]) {
      expect(await refusal(id, { link })).toEqual([401, 'unauthenticated']);
    }
  });

  test('is nothing any more when its key is disabled', async () => {
    await asAdmin('POST', '/api/keys', { id: 'gone', secret: SECRET, roles: [] });
    const { id } = await share({ signedBy: 'gone' });
    await asAdmin('PATCH', '/api/keys/gone', { disabled: true });
    expect(await refusal(id, { link: signed(id) })).toEqual([401, 'unauthenticated']);
    expect((await asAdmin('POST', '/api/screens/hall/shares', { signedBy: 'none' })).status).toBe(400);
  });
});

describe.each([
  ['websocket', () => createWebSocketTransport(WebSocket)],
  ['sse', createEventStreamTransport],
  ['poll', createPollTransport],
] as const)('over %s', (_, transport) => {
  const follow = (token: string, topic: string) => {
    const shown = withCredentials(transport(), async () => ({ token }));
    const client = createClient({ url: host.url, transports: [shown], random: () => 0 });
    clients.push(client);
    const values: unknown[] = [];
    const refused: string[] = [];
    const topics = client.follow(topic, {}, (replica) => {
      if (replica.refused !== undefined) refused.push(replica.refused.name);
      else if (replica.value() !== undefined) values.push(replica.value());
    });
    return { client, values, refused, topics };
  };

  test('what is published is shown live; [A5] who is not let in any more is out within five seconds', async () => {
    for (const end of ['disable', 'delete', 'password'] as const) {
      const { id } = await share({ variables: { region: 'sh' } });
      const { token } = await open(id);
      const { client, values } = follow(token, 'sales/region=sh');
      await expect.poll(() => values.at(-1)).toEqual({ value: 'sh' });
      const denied = follow(token, 'sales/region=bj');
      await expect.poll(() => denied.refused).toContain('permission_denied');
      const before = values.length;
      await host.hub.publish(SERVER, { topic: 'sales/region=sh', data: { value: 'sh' } });
      await expect.poll(() => values.length).toBeGreaterThan(before);
      const ended = expect.poll(() => client.status.type, { timeout: 5000 }).not.toBe('live');
      if (end === 'delete') await asAdmin('DELETE', `/api/screens/hall/shares/${id}`);
      else await change(id, end === 'disable' ? { disabled: true } : { password: 'from now on' });
      await ended;
      expect(await read(token, '/api/screens/hall')).toBe(401);
    }
  });
});

test('what is shared is still shared after a restart, and who has opened it goes on', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewall-shares-'));
  const settings = { host: '127.0.0.1', access: 'closed', adminPassword: PASSWORD, dataDir };
  await mkdir(join(dataDir, 'screens'));
  await writeFile(join(dataDir, 'screens', 'hall.json'), JSON.stringify(screenOf('hall')));
  const [former] = [host];
  try {
    host = await startTestHost({ settings });
    cookies.clear();
    const { id } = await share({ mostViews: 2 });
    const { token } = await open(id);
    await host.close();
    host = await startTestHost({ settings });
    expect(await read(token, '/api/screens/hall')).toBe(200);
    expect(await refusal(id)).toEqual([200, '']);
    expect(await refusal(id)).toEqual([413, 'limit_exceeded']);
    await host.close();
  } finally {
    host = former;
    cookies.clear();
    await rm(dataDir, { recursive: true, force: true });
  }
});
