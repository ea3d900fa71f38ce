import type { JsonObject } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { type ProviderLies, silentLog, startTestHost, type TestHost, TestProvider } from '@tidewall/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

let corp: TestProvider;
let other: TestProvider;
let host: TestHost;
const said: string[] = [];
const note = (fields: object, message: string) => said.push(`${message} ${JSON.stringify(fields)}`);
const log: Log = { ...silentLog, info: note, warn: note };

const settingsOf = (provider: TestProvider, more: JsonObject = {}): JsonObject => ({
  ...{ issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret },
  ...{ rolesClaim: 'groups', mayGive: ['viewer', 'designer'] },
  ...more,
});

beforeAll(async () => {
  [corp, other] = [await TestProvider.start(), await TestProvider.start()];
  host = await startTestHost({
    log,
    settings: { oidc: { corp: settingsOf(corp), other: settingsOf(other, { label: { zh: '另一个', en: 'Other' } }) } },
  });
});
afterEach(() => {
  for (const provider of [corp, other]) provider.lies = {};
  corp.person = { sub: '4711', name: 'Ann Lee' };
  said.length = 0;
});
afterAll(async () => {
  await host?.close();
  await Promise.all([corp?.close(), other?.close()]);
});

const get = (url: string, cookie = '', headers: Record<string, string> = {}) =>
  fetch(new URL(url, host.url), { redirect: 'manual', headers: { cookie, ...headers } });
const cookieIn = (answer: Response, name: string) =>
  answer.headers
    .getSetCookie()
    .find((set) => set.startsWith(`${name}=`) && !set.startsWith(`${name}=;`))
    ?.split(';')[0];
const locationOf = (answer: Response) => answer.headers.get('location') ?? '';
const who = async (cookie?: string) => (await get('/api/session', cookie)).json();

/** Leads a browser to a provider. */
async function begin(at = 'corp', next = '/s/hall?theme=ink') {
  const answer = await get(`/login/${at}?next=${encodeURIComponent(next)}`);
  expect(answer.status).toBe(303);
  return { ticket: cookieIn(answer, 'tidewall_sign_in') ?? '', there: locationOf(answer) };
}

/** The whole way. @returns the answer to the browser that came back */
async function signIn(lies: ProviderLies = {}): Promise<Response> {
  corp.lies = lies;
  const { ticket, there } = await begin();
  return get(corp.authorize(there), ticket);
}

/** That somebody was led to where people sign in, with that reason, and nobody was let in. */
function expectRefused(answer: Response, reason: string, by = 'corp') {
  expect(answer.status).toBe(303);
  const { pathname, searchParams } = new URL(locationOf(answer), host.url);
  expect({ pathname, failed: searchParams.get('failed'), by: searchParams.get('by') }).toEqual({
    ...{ pathname: '/login', failed: reason, by },
  });
  expect(cookieIn(answer, 'tidewall_session')).toBeUndefined();
}

describe('who signs in by a provider', () => {
  test('is led there with PKCE, state and nonce, and back to what was asked for, with roles that it may give', async () => {
    corp.person = { ...corp.person, groups: ['viewer', 'admin', 'shop-sh', 7, 'no role!'] };
    const { ticket, there } = await begin();
    const asked = Object.fromEntries(new URL(there).searchParams);
    expect(asked).toMatchObject({
      ...{ response_type: 'code', client_id: 'wall', scope: 'openid profile', code_challenge_method: 'S256' },
      redirect_uri: `${host.url}/login/corp/callback`,
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]).toMatch(/^[\w-]{43}$/);
    // What it must show when it is back stands in nothing that it can read.
    expect(Buffer.from(ticket, 'base64url').toString('latin1')).not.toContain(asked['state']);

    const answer = await get(corp.authorize(there), ticket);
    expect([answer.status, locationOf(answer)]).toEqual([303, '/s/hall?theme=ink']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const sets = answer.headers.getSetCookie();
    expect(sets[0]).toBe('tidewall_sign_in=; Path=/login/corp; HttpOnly; SameSite=Lax; Max-Age=0');
    expect(sets[1]).toMatch(/^tidewall_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/);
    const cookie = cookieIn(answer, 'tidewall_session');
    const ann = { id: 'oidc:corp:4711', name: 'Ann Lee', roles: ['viewer'], closed: true, setup: true };
    expect(await who(cookie)).toEqual(ann);
    // No use puts the end off.
    expect((await get('/api/session', cookie)).headers.get('set-cookie')).toBeNull();
    expect((await get('/api/topics', cookie)).status).toBe(200);

    const out = await fetch(`${host.url}/api/session`, {
      method: 'DELETE',
      headers: { cookie: cookie ?? '', 'x-tidewall-csrf': '1' },
    });
    expect(out.status).toBe(200);
    expect(await who(cookie)).toMatchObject({ id: 'anybody' });
  });

  test('has other roles from the next sign-in on, when the provider gives others', async () => {
    corp.person = { ...corp.person, groups: 'viewer' };
    const before = cookieIn(await signIn(), 'tidewall_session');
    corp.person = { ...corp.person, groups: ['designer'] };
    expect(await who(before)).toMatchObject({ roles: ['viewer'] });
    const after = cookieIn(await signIn(), 'tidewall_session');
    expect(await who(after)).toMatchObject({ id: 'oidc:corp:4711', roles: ['designer'] });
  });

  test('is in the audit and counted, and so is who was refused; an admin too, where the setting says so', async () => {
    const fresh = await startTestHost({ settings: { oidc: { corp: settingsOf(corp, { mayGive: ['admin'] }) } } });
    try {
      corp.person = { ...corp.person, groups: ['admin'] };
      const way = async (lies: ProviderLies) => {
        corp.lies = lies;
        const there = await fetch(`${fresh.url}/login/corp`, { redirect: 'manual' });
        const headers = { cookie: cookieIn(there, 'tidewall_sign_in') ?? '' };
        return fetch(corp.authorize(locationOf(there)), { redirect: 'manual', headers });
      };
      const cookie = cookieIn(await way({}), 'tidewall_session') ?? '';
      await way({ claims: { aud: 'someone-else' } });
      const read = async (path: string) => (await fetch(`${fresh.url}${path}`, { headers: { cookie } })).text();
      const audit = (await read('/api/audit'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(audit).toMatchObject([
        { who: 'oidc:corp:4711', what: 'sign in', on: 'oidc:corp', outcome: 'done' },
        { who: 'anybody', what: 'sign in', on: 'oidc:corp', outcome: 'refused', reason: 'answer' },
      ]);
      const metrics = await read('/metrics');
      expect(metrics).toContain('tidewall_oidc_sign_ins_total{provider="corp",outcome="done"} 1\n');
      expect(metrics).toContain('tidewall_oidc_sign_ins_total{provider="corp",outcome="answer"} 1\n');
      expect(metrics).toContain('tidewall_oidc_sessions 1\n');
      const decision = await read('/api/decision?who=oidc:corp:4711&action=read&name=a');
      expect(JSON.parse(decision)).toMatchObject({ allowed: true, who: { id: 'oidc:corp:4711', roles: ['admin'] } });
    } finally {
      await fresh.close();
    }
  });

  test('of a provider is told by the server how, in both languages', async () => {
    expect(await (await get('/api/sign-in')).json()).toEqual({
      passwords: true,
      providers: [
        { name: 'corp', label: { zh: 'corp', en: 'corp' }, url: `${host.url}/login/corp` },
        { name: 'other', label: { zh: '另一个', en: 'Other' }, url: `${host.url}/login/other` },
      ],
    });
    expect((await get('/login/nobody')).status).toBe(404);
    expect((await get('/login/nobody/callback?code=x&state=y')).status).toBe(404);
  });
});

describe('an answer is refused', () => {
  test('with another state', async () => {
    expectRefused(await signIn({ answer: { state: 'x'.repeat(43) } }), 'elsewhere');
    expect(said.join()).toMatch(/not to what this browser has asked; sign in again/);
    expectRefused(await signIn({ answer: { state: undefined } }), 'elsewhere');
  });

  test('in another browser, and the one that began is not ended by it', async () => {
    const { ticket, there } = await begin();
    const back = corp.authorize(there);
    expectRefused(await get(back), 'elsewhere');
    const { ticket: others } = await begin();
    const stray = await get(back, others);
    expectRefused(stray, 'elsewhere');
    expect(stray.headers.getSetCookie()).toEqual([]);
    expect(said.join()).toMatch(/not begun in this browser, or too long ago; sign in again/);
    expect(cookieIn(await get(back, ticket), 'tidewall_session')).toBeDefined();
  });

  test('that comes again, by us and by the provider', async () => {
    const { ticket, there } = await begin();
    const back = corp.authorize(there);
    expect(cookieIn(await get(back, ticket), 'tidewall_session')).toBeDefined();
    const asked = corp.server.asked.length;
    expectRefused(await get(back, ticket), 'used');
    expect(said.join()).toMatch(/came again; it is good once: sign in again/);
    // Not even asked for.
    expect(corp.server.asked.length).toBe(asked);
    // A code of another sign-in of the same person was made for another challenge.
    const first = new URL(corp.authorize((await begin()).there)).searchParams.get('code') ?? '';
    expectRefused(await signIn({ answer: { code: first } }), 'used');
    expect(said.join()).toMatch(/invalid_grant/);
  });

  test('of a provider that was not asked, whichever way the two are mixed up', async () => {
    const { ticket, there } = await begin('corp');
    const back = new URL(corp.authorize(there));
    // Led to the other's address, so that its code would go to the other.
    back.pathname = '/login/other/callback';
    expectRefused(await get(back.href, ticket), 'elsewhere', 'other');
    expect(other.server.asked.filter((asked) => asked.startsWith('POST'))).toEqual([]);
    expectRefused(await signIn({ answer: { iss: other.issuer } }), 'answer');
    expect(said.join()).toContain(`must be that of ${corp.issuer} (iss)`);
    expect((await signIn({ answer: { iss: corp.issuer } })).headers.get('location')).toBe('/s/hall?theme=ink');
  });

  test.each<[string, ProviderLies, RegExp]>([
    ['with the nonce of another sign-in', { claims: { nonce: 'x'.repeat(43) } }, /"nonce" is not that of this sign-in/],
    ['without a nonce', { claims: { nonce: undefined } }, /missing required "nonce" claim/],
    ['for another client', { claims: { aud: 'someone-else' } }, /unexpected "aud"/],
    [
      'for several clients, of whom none is named',
      { claims: { aud: ['wall', 'x'] } },
      /made for another client \("azp"\)/,
    ],
    ['for us by way of another client', { claims: { azp: 'someone-else' } }, /made for another client \("azp"\)/],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }, /unexpected "iss"/],
    ['that has run out', { claims: { exp: 1_700_000_000 } }, /"exp" claim timestamp check failed/],
    ['without an end', { claims: { exp: undefined } }, /missing required "exp"/],
    ['that names nobody', { claims: { sub: '' } }, /"sub" must have 1 to 255/],
    ['that names somebody without end', { claims: { sub: 'x'.repeat(256) } }, /"sub" must have 1 to 255/],
    ['that nobody has signed', { signature: 'none' }, /"alg".* not allowed/],
    ['signed by a stranger', { signature: 'stranger' }, /signature verification failed/],
    ['of a key that there is not', { header: { kid: 'x' } }, /no applicable key found/],
    ['that says it is more', { header: { crit: ['x'], x: 1 } }, /"x" is not recognized/],
  ])('%s', async (_, lies, words) => {
    expectRefused(await signIn(lies), 'answer');
    expect(said.join()).toMatch(words);
    // The same without the lie.
    expect(locationOf(await signIn())).toBe('/s/hall?theme=ink');
  });

  test('signed by what everybody knows, or by the secret of the client', async () => {
    for (const hmac of [corp.publicKey, corp.clientSecret]) {
      expectRefused(await signIn({ signature: { hmac } }), 'answer');
      expect(said.join()).toMatch(/"alg".* not allowed/);
    }
  });

  test('that is a refusal, in words of ours', async () => {
    expectRefused(await signIn({ answer: { code: undefined, error: 'access_denied' } }), 'denied');
    expect(said.join()).toMatch(/lets this person not in, or the sign-in was given up/);
    const error = { code: undefined, error: 'invalid_scope<script>', error_description: 'call 555' };
    expectRefused(await signIn({ answer: error }), 'answer');
    expect(said.join()).not.toMatch(/script|555/);
    expectRefused(await signIn({ answer: { code: undefined } }), 'answer');
    expect(said.join()).toMatch(/without a code/);
  });

  test('that says a thing twice', async () => {
    const { ticket, there } = await begin();
    expectRefused(await get(`${corp.authorize(there)}&code=y`, ticket), 'answer');
    expect(said.join()).toMatch(/says "code" twice/);
  });

  test.each<[string, ProviderLies['token'], string, RegExp]>([
    ['that fails', { status: 500, body: '' }, 'unreachable', /answers 500 to a code/],
    [
      'that knows us not',
      { status: 401, body: '{"error":"invalid_client"}' },
      'answer',
      /oidc.corp.clientId and clientSecret/,
    ],
    ['that gives no ID token', { status: 200, body: '{"access_token":"x"}' }, 'answer', /no ID token; add openid/],
    ['that gives something else', { status: 200, body: '<html>' }, 'answer', /no ID token/],
    ['that leads elsewhere', { status: 307, body: '', location: 'http://127.0.0.1:1/' }, 'unreachable', /redirects/],
    ['without end', { status: 200, body: 'x'.repeat(300_000) }, 'unreachable', /262144|bytes/],
  ])('of a provider %s', async (_, token, reason, words) => {
    expectRefused(await signIn(token === undefined ? {} : { token }), reason);
    expect(said.join()).toMatch(words);
  });
});

describe('where somebody goes on', () => {
  test.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example/',
    '/\t/evil.example',
    '/..//evil.example',
    '/%2e%2e//evil.example',
    'javascript:alert(1)',
    'evil',
    ' //evil.example',
  ])('is a path of this server: %j is refused', async (next) => {
    const answer = await get(`/login/corp?next=${encodeURIComponent(next)}`);
    expect(answer.status).toBe(400);
    expect(locationOf(answer)).toBe('');
    expect(await answer.text()).toContain('next must be a path of this server, like /s/hall');
  });
});

describe('a provider', () => {
  const refusalOf = async (discovery: Record<string, unknown>): Promise<string> => {
    const provider = await TestProvider.start();
    provider.lies = { discovery };
    const fresh = await startTestHost({ log, settings: { oidc: { corp: settingsOf(provider) } } });
    try {
      const answer = await fetch(`${fresh.url}/login/corp?next=/s/hall`, { redirect: 'manual' });
      const to = locationOf(answer);
      if (!to.startsWith('/login')) {
        const ticket = cookieIn(answer, 'tidewall_sign_in') ?? '';
        const back = await fetch(provider.authorize(to), { redirect: 'manual', headers: { cookie: ticket } });
        return `${locationOf(back)} ${said.join()}`;
      }
      expect(to).toContain('next=%2Fs%2Fhall');
      return `${to} ${said.join()}`;
    } finally {
      await fresh.close();
      await provider.close();
    }
  };

  test('that says it is another is not asked any more', async () => {
    expect(await refusalOf({ issuer: 'https://evil.example' })).toMatch(
      /failed=answer.*"https:\/\/evil.example"; set oidc.corp.issuer to that if you mean it/,
    );
  });

  test('is asked in plain text on this machine alone', async () => {
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
      expect(await refusalOf({ [name]: 'http://id.example/x' })).toMatch(`${name}: must begin with https://`);
    }
  });

  test('leads the server into no network of its own', async () => {
    // Told by the provider, not by the configuration.
    expect(await refusalOf({ token_endpoint: 'https://127.0.0.1:1/token' })).toMatch(
      /failed=unreachable.*127.0.0.1.* is not a public address, and may not be reached/,
    );
    expect(await refusalOf({ jwks_uri: 'https://127.0.0.1:1/keys' })).toMatch(
      /failed=unreachable.*the keys of .* cannot be had: .*not a public address/,
    );
  });

  test('that announces that it names itself has to', async () => {
    expect(await refusalOf({ authorization_response_iss_parameter_supported: true })).toMatch(
      /failed=answer.*the answer says not whose it is/,
    );
  });

  test('that is down is told so, and where somebody wanted to go is kept', async () => {
    const provider = await TestProvider.start();
    const fresh = await startTestHost({ log, settings: { oidc: { corp: settingsOf(provider) } } });
    await provider.close();
    const answer = await fetch(`${fresh.url}/login/corp`, { redirect: 'manual' });
    expect(locationOf(answer)).toBe('/login?failed=unreachable&by=corp&next=%2F');
    expect(said.join()).toMatch(/the provider corp cannot be asked: localhost:\d+/);
    await fresh.close();
  });
});

describe('a server without passwords', () => {
  test('lets nobody in by one, and makes no admin by a link', async () => {
    const fresh = await startTestHost({ settings: { passwords: false, oidc: { corp: settingsOf(corp) } } });
    try {
      const post = (path: string, body: object) =>
        fetch(`${fresh.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
      const long = 'correct horse battery';
      const tried = await post('/api/session', { name: 'ann', password: long });
      expect(tried.status).toBe(403);
      expect(await tried.text()).toContain(`(passwords: false): open ${fresh.url}/login/corp`);
      expect((await post('/api/setup', { token: 'x', name: 'ann', password: long })).status).toBe(403);
      expect(await (await fetch(`${fresh.url}/api/sign-in`)).json()).toMatchObject({ passwords: false });
      expect(await (await fetch(`${fresh.url}/api/session`)).json()).toMatchObject({ closed: true, setup: false });
    } finally {
      await fresh.close();
    }
  });

  test('has a provider, or does not start; nor does one that browsers could not come back to', async () => {
    const start = (settings: JsonObject) => startTestHost({ settings });
    await expect(start({ passwords: false })).rejects.toThrow(/passwords: false needs a provider in oidc/);
    const oidc = { corp: settingsOf(corp) };
    await expect(start({ host: '0.0.0.0', oidc })).rejects.toThrow(/oidc.corp needs publicUrl/);
    await expect(start({ oidc: { corp: settingsOf(corp, { issuer: 'http://id.example' }) } })).rejects.toThrow(
      /oidc.corp.issuer must be an address like https/,
    );
  });
});

test('behind a name of its own, browsers are led back to that, and cookies are for TLS alone', async () => {
  const publicUrl = 'https://wall.example';
  const fresh = await startTestHost({ settings: { publicUrl, oidc: { corp: settingsOf(corp) } } });
  try {
    const answer = await fetch(`${fresh.url}/login/corp`, { redirect: 'manual' });
    const there = locationOf(answer);
    expect(new URL(there).searchParams.get('redirect_uri')).toBe(`${publicUrl}/login/corp/callback`);
    const ticket = answer.headers.get('set-cookie') ?? '';
    expect(ticket).toMatch(/; Path=\/login\/corp; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/);
    const back = new URL(corp.authorize(there));
    const headers = { cookie: ticket.split(';')[0] ?? '' };
    const done = await fetch(`${fresh.url}${back.pathname}${back.search}`, { redirect: 'manual', headers });
    expect(done.headers.getSetCookie()[1]).toMatch(/^tidewall_session=[\w-]{43}; .*; Secure$/);
  } finally {
    await fresh.close();
  }
});
