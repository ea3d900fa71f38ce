import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { FakeClock } from '@tidewall/testkit';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Identity } from '../identity.ts';
import { createTokenIdentity, issuerSchema } from '../index.ts';

/*
 * Tokens that were made to be taken, against a real server of keys: what their heads ask for, and what such a server does.
 */

const ISSUER = 'https://id.example/';
let pair: CryptoKeyPair;
let strangers: CryptoKeyPair;
let clock: FakeClock;
let servers: Server[];
/** What the issuer's server answers, and how often it, and the stranger's, were asked. */
let answer: RequestListener;
let asked: string[];
let url: string;
let strange: string;

beforeAll(async () => {
  pair = (await generateKeyPair('RS256', { extractable: true })) as CryptoKeyPair;
  strangers = (await generateKeyPair('RS256', { extractable: true })) as CryptoKeyPair;
});

const jwk = async (key: CryptoKey, kid: string) => ({ ...(await exportJWK(key)), kid, alg: 'RS256' });
const keys =
  (...published: object[]): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published }));

async function listen(address: string, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return `http://${address}:${(server.address() as AddressInfo).port}/jwks`;
}

beforeEach(async () => {
  [clock, servers, asked] = [new FakeClock(), [], []];
  answer = keys(await jwk(pair.publicKey, 'one'));
  url = await listen('127.0.0.1', (request, response) => {
    asked.push('issuer');
    answer(request, response);
  });
  strange = await listen('127.0.0.2', (request, response) => {
    asked.push('stranger');
    void jwk(strangers.publicKey, 'one').then((key) => keys(key)(request, response));
  });
});

afterEach(() => {
  vi.useRealTimers();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function identity(): Identity {
  // Of this machine's addresses one may be reached, and the other may not.
  const outgoing = createOutgoing({ allowed: parseAddressList(['127.0.0.1']), trusted: true });
  const issuer = issuerSchema.parse({ issuer: ISSUER, audience: 'wall', jwks: url });
  return createTokenIdentity({ issuers: { id: issuer }, outgoing, clock });
}

const seconds = () => Math.floor(clock.now() / 1000);
const claims = (more: JWTPayload = {}): JWTPayload => ({
  ...{ iss: ISSUER, aud: 'wall', sub: 'ann', exp: seconds() + 60 },
  ...more,
});
const signed = (more: JWTPayload = {}, head: object = {}, key = pair.privateKey) =>
  new SignJWT(claims(more)).setProtectedHeader({ alg: 'RS256', kid: 'one', ...head } as JWTHeaderParameters).sign(key);

const verdict = async (by: Identity, token: string): Promise<string> =>
  Promise.resolve(by.ofToken?.(token)).then(
    (found) => found?.id ?? 'nobody',
    ({ kind }: { kind: string }) => kind,
  );

describe('[A3] the head of a token', () => {
  const kids: readonly (readonly [string, unknown])[] = [
    ['an address', 'http://127.0.0.2/jwks'],
    ['a path', '../../../../../etc/passwd'],
    ['a device', '/dev/null'],
    ['a query', "one' OR '1'='1"],
    ['the name of a prototype', '__proto__'],
    ['nothing', ''],
    ['very long', 'k'.repeat(5000)],
    ['a list', ['one']],
    ['an object', { toString: 'one' }],
  ];
  test.each(kids)('whose kid is %s finds no key', async (_, kid) => {
    for (const key of [pair.privateKey, strangers.privateKey]) {
      expect(await verdict(identity(), await signed({}, { kid }, key))).toBe('unauthenticated');
    }
    expect(asked).not.toContain('stranger');
  });

  test('says neither where keys are nor which one it is', async () => {
    const own = await exportJWK(strangers.publicKey);
    for (const head of [{ jku: strange }, { x5u: strange }, { jwk: own }, { x5c: ['AAAA'] }]) {
      expect(await verdict(identity(), await signed({}, head, strangers.privateKey))).toBe('unauthenticated');
      expect(await verdict(identity(), await signed({}, head))).toBe('token:id:ann');
    }
    expect(asked).not.toContain('stranger');
  });

  test('chooses no algorithm', async () => {
    const by = identity();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ec = await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
    expect(await verdict(by, ec)).toBe('unauthenticated');
    const [head = '', body = '', signature = ''] = (await signed()).split('.');
    const headed = (alg: string) => Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'rs256', 'RS512', 'PS256']) {
      expect([alg, await verdict(by, `${headed(alg)}.${body}.${signature}`)]).toEqual([alg, 'unauthenticated']);
      expect([alg, await verdict(by, `${headed(alg)}.${body}.`)]).toEqual([alg, 'unauthenticated']);
    }
    expect(await verdict(by, `${head}.${body}.${signature}`)).toBe('token:id:ann');
  });
});

describe('[A3] the claims of a token', () => {
  test.each([
    ['of others among whom we are', { aud: ['hall', 'wall'] }, 'token:id:ann'],
    ['of others', { aud: ['hall', 'wall2'] }, 'unauthenticated'],
    ['of an issuer that is spelt otherwise', { iss: ISSUER.slice(0, -1) }, 'nobody'],
    ['of an issuer in capitals', { iss: ISSUER.toUpperCase() }, 'nobody'],
  ] as const)('%s: %j', async (_, more, expected) => {
    expect(await verdict(identity(), await signed(more as JWTPayload))).toBe(expected);
  });

  test.each([
    [4, 'token:id:ann'],
    [6, 'token_expired'],
  ])('that ran out %d s ago, by a clock that may be off by 5 s: %s', async (ago, expected) => {
    expect(await verdict(identity(), await signed({ exp: seconds() - ago }))).toBe(expected);
  });

  test.each([
    [4, 'token:id:ann'],
    [6, 'unauthenticated'],
  ])('that begins in %d s: %s', async (ahead, expected) => {
    expect(await verdict(identity(), await signed({ nbf: seconds() + ahead }))).toBe(expected);
  });

  test('say until when it stands, with what the clocks may be off, and no longer', async () => {
    const found = await identity().ofToken?.(await signed());
    expect(found?.endsAt).toBe((seconds() + 65) * 1000);
    await clock.advance(64_000);
    expect(found?.standing?.()).toBe('stands');
    await clock.advance(1000);
    expect(found?.standing?.()).toBe('expired');
  });
});

describe('[A3] a server of keys', () => {
  test('that rotates them: the new one counts, and the old one no more once it is gone', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const by = identity();
    expect(await verdict(by, await signed())).toBe('token:id:ann');
    answer = keys(await jwk(strangers.publicKey, 'two'));
    const next = await signed({}, { kid: 'two' }, strangers.privateKey);
    // It is asked again by an unknown key, but no more often than each half minute.
    expect(await verdict(by, next)).toBe('unauthenticated');
    expect(asked).toEqual(['issuer']);
    vi.setSystemTime(Date.now() + 31_000);
    expect(await verdict(by, next)).toBe('token:id:ann');
    expect(await verdict(by, await signed({ jti: 'another' }))).toBe('unauthenticated');
    expect(asked).toEqual(['issuer', 'issuer']);
  });

  const evil: readonly (readonly [string, () => RequestListener])[] = [
    ['answers without end', () => (_, response) => flood(response)],
    ['is large', () => keys({ kty: 'RSA', pad: 'x'.repeat(300_000) })],
    ['sends elsewhere', () => (_, response) => void response.writeHead(302, { location: strange }).end()],
    ['sends to a file', () => (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end()],
    ['says what is no JSON', () => (_, response) => void response.end('<html>')],
    ['says JSON of something else', () => (_, response) => void response.end('{"keys":{"one":1}}')],
    ['hangs up', () => (request) => void request.socket.destroy()],
    ['hangs', () => () => {}],
  ];
  test.each(evil)('that %s lets nobody in, and is no fault of the token', { timeout: 20_000 }, async (title, how) => {
    answer = how();
    // By what a stranger has published where it is sent to, a stranger's would be let in.
    const key = title.startsWith('sends') ? strangers.privateKey : pair.privateKey;
    expect(await verdict(identity(), await signed({}, {}, key))).toBe('busy');
    expect(asked).not.toContain('stranger');
  });
});

/** Bytes for as long as somebody reads them. */
function flood(response: Parameters<RequestListener>[1]): void {
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}
