import { request } from 'node:http';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const LISTED = 'http://hall.example:8000';

let host: TestHost;

beforeAll(async () => {
  host = await startTestHost({ settings: { allowedOrigins: [LISTED] } });
});
afterAll(() => host.close());

function ask(method: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown> }>((resolve, reject) => {
    const path = '/poll?topic=a&waitMs=0';
    const asked = request({ host: '127.0.0.1', port: host.port, path, method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('a page of a listed origin may read the answers of a gateway, its cursor too, and bring no credentials', async () => {
  const { status, headers } = await ask('GET', { origin: LISTED });
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    vary: 'origin',
    'access-control-allow-origin': LISTED,
    'access-control-expose-headers': 'x-tidewall-cursor, retry-after',
  });
  expect(headers['access-control-allow-credentials']).toBeUndefined();
});

test('its question beforehand is answered', async () => {
  const { status, headers } = await ask('OPTIONS', { origin: LISTED, 'access-control-request-method': 'DELETE' });
  expect(status).toBe(204);
  expect(headers['access-control-allow-origin']).toBe(LISTED);
  expect(headers['access-control-allow-methods']).toContain('DELETE');
  expect(headers['access-control-allow-headers']).toContain('last-event-id');
});

test.each(['GET', 'OPTIONS', 'POST'])(
  '%s of another origin is refused, and says nothing that lets it be read',
  async (method) => {
    const { status, headers } = await ask(method, {
      origin: 'http://elsewhere.example',
      'access-control-request-method': 'GET',
    });
    expect(status).toBe(403);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  },
);

test('a program, which has no origin, is told of none', async () => {
  const { status, headers } = await ask('GET', {});
  expect(status).toBe(200);
  expect(headers['access-control-allow-origin']).toBeUndefined();
});
