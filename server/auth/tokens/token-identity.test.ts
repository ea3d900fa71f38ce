import { createHmac, createPublicKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { FakeClock } from '@tidewall/testkit';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Identity } from '../identity.ts';
import { createTokenIdentity, type Issuer, issuerSchema } from '../index.ts';

const ISSUER = 'https://id.example/';
const SECRET = 'a secret of more than thirty-two characters';
const OTHERS = {
  issuer: 'https://other.example/',
  audience: 'wall',
  secret: 'another secret of more than 32 characters',
};
const outgoing = createOutgoing({ allowed: parseAddressList(['127.0.0.1']), trusted: true });

let clock: FakeClock;
let pair: CryptoKeyPair;
let next: CryptoKeyPair;
let pem: string;

beforeAll(async () => {
  pair = (await generateKeyPair('RS256', { extractable: true })) as CryptoKeyPair;
  next = (await generateKeyPair('RS256', { extractable: true })) as CryptoKeyPair;
  pem = await exportSPKI(pair.publicKey);
});

beforeEach(() => {
  clock = new FakeClock();
});

const by = (more: object, name = 'id'): Identity => {
  const issuers = { [name]: issuerSchema.parse({ issuer: ISSUER, audience: 'wall', ...more }) as Issuer };
  return createTokenIdentity({ issuers: { ...issuers, others: issuerSchema.parse(OTHERS) }, outgoing, clock });
};
const seconds = () => Math.floor(clock.now() / 1000);
const claims = (more: JWTPayload = {}): JWTPayload => ({
  ...{ iss: ISSUER, aud: 'wall', sub: 'ann', exp: seconds() + 60 },
  ...more,
});
const hmacSigned = (payload: JWTPayload, secret = SECRET, alg = 'HS256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(Buffer.from(secret));
const rsaSigned = (payload: JWTPayload, key = pair.privateKey, kid?: string) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', ...(kid !== undefined && { kid }) }).sign(key);

async function refused(identity: Identity, token: string): Promise<string> {
  const failure = await Promise.resolve(identity.ofToken?.(token)).then(
    (found) => `let in as ${JSON.stringify(found)}`,
    ({ kind, message }: { kind: string; message: string }) => `${kind}: ${message}`,
  );
  return failure;
}

describe('[A3] a token', () => {
  test('says who it is, with roles and rules as they are configured', async () => {
    const rules = [{ topics: 'sales/#', may: ['read'] }];
    const identity = by({ secret: SECRET, roles: ['viewer'], rolesClaim: 'groups', rulesClaim: 'wall' });
    const token = await hmacSigned(claims({ groups: ['publisher', 'admin', 'Not A Role', 7], wall: rules }));
    const found = await identity.ofToken?.(token);
    expect(found).toMatchObject({ id: 'token:id:ann', roles: ['viewer', 'publisher'], rules });
    expect(await identity.ofToken?.(token)).toBe(found);
    expect(found?.standing?.()).toBe('stands');
    await clock.advance(66_000);
    expect(found?.standing?.()).toBe('expired');
    expect(await refused(identity, token)).toBe('token_expired: the token ran out; fetch a new one');
  });

  test('gives the roles that its issuer may give, admin only where that is said', async () => {
    const roles = async (more: object, groups: unknown) =>
      (await by({ secret: SECRET, rolesClaim: 'groups', ...more }).ofToken?.(await hmacSigned(claims({ groups }))))
        ?.roles;
    expect(await roles({}, 'viewer admin,designer')).toEqual(['viewer', 'designer']);
    expect(await roles({ mayGive: ['admin'] }, ['viewer', 'admin'])).toEqual(['admin']);
    expect(await roles({}, { viewer: true })).toEqual([]);
  });

  const bad: readonly (readonly [string, () => Promise<string> | string])[] = [
    ['that nobody has signed', () => new UnsecuredJWT(claims()).encode()],
    ['that is signed with another secret', () => hmacSigned(claims(), `${SECRET}!`)],
    ['of another algorithm of the same kind', () => hmacSigned(claims(), SECRET, 'HS512')],
    ['for somebody else', () => hmacSigned(claims({ aud: 'hall' }))],
    ['for nobody', () => hmacSigned({ iss: ISSUER, sub: 'ann', exp: seconds() + 60 })],
    ['that has no end', () => hmacSigned({ iss: ISSUER, aud: 'wall', sub: 'ann' })],
    ['that is of nobody', () => hmacSigned({ iss: ISSUER, aud: 'wall', exp: seconds() + 60 })],
    ['that begins later', () => hmacSigned(claims({ nbf: seconds() + 60 }))],
    ['whose end is a text', () => hmacSigned(claims({ exp: 'never' as never }))],
    ['of an issuer that another one signs for', () => hmacSigned(claims(), OTHERS.secret)],
  ];
  test.each(bad)('%s is refused', async (_, make) => {
    expect(await refused(by({ secret: SECRET }), await make())).toMatch(/^unauthenticated: the token is not taken: /);
  });

  test("of which any character was changed is refused, or is nobody's", async () => {
    const identity = by({ secret: SECRET });
    const token = await hmacSigned(claims());
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      // The last character of a part has bits that mean nothing.
      const same = Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(
        Buffer.from(token.split('.')[2] ?? '', 'base64url'),
      );
      if (same && changed.split('.').slice(0, 2).join('.') === token.split('.').slice(0, 2).join('.')) continue;
      expect(await refused(identity, changed)).toMatch(/^unauthenticated|^let in as undefined$/);
    }
  });

  test('that is signed with the text of a public key is refused: it is no secret', async () => {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
    for (const text of [pem, der, pem.trim()]) {
      const head = Buffer.from('{"alg":"HS256"}').toString('base64url');
      const body = Buffer.from(JSON.stringify(claims())).toString('base64url');
      const sig = createHmac('sha256', text).update(`${head}.${body}`).digest('base64url');
      expect(await refused(by({ publicKey: pem }), `${head}.${body}.${sig}`)).toMatch(/^unauthenticated/);
    }
    expect(await by({ publicKey: pem }).ofToken?.(await rsaSigned(claims()))).toMatchObject({ id: 'token:id:ann' });
  });

  test('with rules that are none, or about more than data, is refused', async () => {
    const identity = by({ secret: SECRET, rulesClaim: 'wall' });
    for (const wall of ['#', [{ topics: '#' }], [{ users: '#', may: ['edit'] }], [{ topics: '#', may: ['all'] }]]) {
      expect(await refused(identity, await hmacSigned(claims({ wall })))).toMatch(/^unauthenticated/);
    }
  });

  test("of an issuer that is not known is nobody's, and so is what is no token", async () => {
    const identity = by({ secret: SECRET });
    const others = [
      await hmacSigned(claims({ iss: 'https://x.example/' })),
      'a.b.c',
      'tk1:secret',
      '',
      'x'.repeat(10_000),
    ];
    for (const token of others) expect(await refused(identity, token)).toBe('let in as undefined');
  });
});

describe('[A3] keys that an issuer publishes', () => {
  let server: Server;
  let keys: object[];
  let asked = 0;
  let status = 200;
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;

  beforeAll(async () => {
    server = createServer((_, response) => {
      asked++;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256' }];
    [asked, status] = [0, 200];
  });

  test('are fetched once for many tokens; one that is not among them is refused without a fetch for each', async () => {
    const identity = by({ jwks: url() });
    for (const sub of ['ann', 'bob', 'eve']) {
      expect(await identity.ofToken?.(await rsaSigned(claims({ sub }), pair.privateKey, 'one'))).toMatchObject({
        id: `token:id:${sub}`,
      });
    }
    for (let i = 0; i < 20; i++) {
      expect(await refused(identity, await rsaSigned(claims(), next.privateKey, `no-${i}`))).toMatch(
        /^unauthenticated/,
      );
    }
    expect(asked).toBe(1);
  });

  test('that cannot be had make it busy, not refused', async () => {
    status = 500;
    expect(await refused(by({ jwks: url() }), await rsaSigned(claims(), pair.privateKey, 'one'))).toMatch(
      /^busy: the keys of https:\/\/id.example\/ cannot be had: /,
    );
  });

  test('of HMAC are none, whatever is published', async () => {
    keys = [{ kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 'one', alg: 'HS256' }];
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(Buffer.from(SECRET));
    expect(await refused(by({ jwks: url() }), token)).toMatch(/^unauthenticated/);
  });
});

test.each([
  [{}, /one of secret, publicKey and jwks/],
  [{ secret: SECRET, jwks: 'https://id.example/jwks' }, /one of secret, publicKey and jwks/],
  [{ secret: 'short' }, /32/],
  [{ secret: SECRET, algorithms: ['RS256'] }, /must be one of HS256, HS384, HS512 here/],
  [{ jwks: 'https://id.example/jwks', algorithms: ['HS256'] }, /must be one of RS256/],
  [{ jwks: 'https://id.example/jwks', algorithms: ['none'] }, /./],
  [{ publicKey: 'no key' }, /must be a public key in PEM/],
  [{ jwks: 'file:///etc/passwd' }, /must be an address/],
])('an issuer %j is refused', (more, says) => {
  const result = issuerSchema.safeParse({ issuer: ISSUER, audience: 'wall', ...more });
  expect(result.success).toBe(false);
  expect(JSON.stringify(result.error?.issues)).toMatch(says);
});
