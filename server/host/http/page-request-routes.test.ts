import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidewall/base';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SECRET = 'the secret of the issuer of this test, long enough';
const ISSUER = 'https://id.example/';

let webDir: string;
let host: TestHost;

const asked = (url: string, more: object = {}) => ({ kind: 'http', request: 'browser', url, ...more });

beforeAll(async () => {
  webDir = await mkdtemp(join(tmpdir(), 'tidewall-web-'));
  await writeFile(join(webDir, 'index.html'), '<!doctype html><title>viewer</title>');
  host = await startTestHost({
    webDir,
    settings: {
      host: '127.0.0.1',
      access: 'closed',
      rules: [{ topics: 'shop/#', roles: ['shop'], may: ['read'] }],
      tokens: { test: { issuer: ISSUER, audience: 'wall', secret: SECRET, rolesClaim: 'roles', mayGive: ['shop'] } },
      sources: {
        prices: asked('https://prices.example:8443/v1/:city', {
          ...{ topic: 'shop/prices', path: 'data', params: { city: { value: 'sh' } } },
          transforms: [{ type: 'limit', count: 3 }],
        }),
        stock: asked('https://prices.example:8443/stock', { topic: 'shop/stock' }),
        wages: asked('https://wages.example/', { topic: 'staff/wages' }),
        orders: {
          kind: 'http',
          url: 'https://orders.example/',
          topic: 'shop/orders',
          auth: { type: 'bearer', token: 's3cret' },
        },
      },
    },
  });
});
afterAll(async () => {
  await host.close();
  await rm(webDir, { recursive: true, force: true });
});

async function tokenOf(roles: readonly string[]): Promise<Record<string, string>> {
  const claims = new SignJWT({ sub: 'somebody', roles: [...roles] }).setProtectedHeader({ alg: 'HS256' });
  const token = await claims
    .setIssuer(ISSUER)
    .setAudience('wall')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET));
  return { authorization: `Bearer ${token}` };
}

async function listFor(
  headers: Record<string, string>,
): Promise<{ requests: JsonObject[]; leftOut: number; text: string }> {
  const text = await (await fetch(`${host.url}/api/page-requests`, { headers })).text();
  return { ...JSON.parse(text), text };
}

describe('what pages ask', () => {
  test('is told of those sources alone whose topics may be read, with all that a page needs, and no secret', async () => {
    const { requests, leftOut, text } = await listFor(await tokenOf(['shop']));
    expect(requests.map(({ name, topics }) => [name, topics])).toEqual([
      ['prices', ['shop/prices']],
      ['stock', ['shop/stock']],
    ]);
    expect(requests[0]).toMatchObject({
      ...{
        method: 'GET',
        url: 'https://prices.example:8443/v1/:city',
        path: 'data',
        topicKind: 'table',
        format: 'json',
      },
      ...{ intervalMs: 10_000, timeoutMs: 10_000, maxRows: 100_000, params: { city: { type: 'text', value: 'sh' } } },
      transforms: [{ type: 'limit', count: 3 }],
    });
    expect(leftOut).toBe(0);
    expect(text).not.toMatch(/s3cret|state|wages/);
    expect((await listFor(await tokenOf([]))).requests).toEqual([]);
    expect((await listFor({})).requests).toEqual([]);
  });

  test('is not sent again to whoever has it already', async () => {
    const headers = await tokenOf(['shop']);
    const etag = (await fetch(`${host.url}/api/page-requests`, { headers })).headers.get('etag') ?? '';
    const again = await fetch(`${host.url}/api/page-requests`, { headers: { ...headers, 'if-none-match': etag } });
    expect([etag.length, again.status]).toEqual([24, 304]);
  });

  test('is where the page of whoever asks for it is let to, each origin once, and no other answer lets it', async () => {
    const connect = async (path: string, headers: Record<string, string>) => {
      const policy = (await fetch(`${host.url}${path}`, { headers })).headers.get('content-security-policy') ?? '';
      return /connect-src [^;]*/.exec(policy)?.[0];
    };
    const shop = await tokenOf(['shop']);
    expect(await connect('/', shop)).toBe("connect-src 'self' https://prices.example:8443");
    expect(await connect('/s/none', shop)).toBe("connect-src 'self' https://prices.example:8443");
    expect(await connect('/', {})).toBe("connect-src 'self'");
    expect(await connect('/api/screens', shop)).toBeUndefined();
  });
});
