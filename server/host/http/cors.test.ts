import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * What pages of which origins may, as a table: every kind of request, of every kind of origin, to the API, to pages and to
 * gateways, by each list of origins that somebody may have written.
 */

const LISTED = 'https://portal.example';
const LISTS: Readonly<Record<string, readonly string[]>> = {
  'no list': [],
  'one origin': [LISTED],
  '*': ['*'],
  null: ['null'],
};
const ORIGINS = [
  'own',
  LISTED,
  'https://evil.example',
  // What differs from a listed one, or from the server, by a little.
  'http://portal.example',
  'https://portal.example:8443',
  'https://portal.example.evil.example',
  'https://PORTAL.example',
  'http://localhost:1',
  'null',
  'file://',
  'about:blank',
  'https://portal.example, https://evil.example',
];
const PATHS = ['/api/topics/a', '/', '/poll?topic=a&waitMs=0'];
const METHODS = ['GET', 'OPTIONS', 'POST'];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

describe.each(Object.keys(LISTS))('with %s', (name) => {
  const list = LISTS[name] ?? [];
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ settings: { allowedOrigins: [...list] } });
    await ask('POST', '/api/topics/a', {}, '1');
  });
  afterAll(() => host.close());

  function ask(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = httpRequest(
        `http://localhost:${host.port}${path}`,
        { method, headers, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece: string) => {
            text += piece;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  const cases = PATHS.flatMap((path) => METHODS.flatMap((method) => ORIGINS.map((origin) => [method, path, origin])));
  test.each(cases)('%s %s of %s', async (method = '', path = '', said = '') => {
    const own = `http://localhost:${host.port}`;
    const origin = said === 'own' ? own : said;
    const listed = list.includes('*') || list.includes(origin);
    const headers = { origin, ...(method === 'OPTIONS' && { 'access-control-request-method': 'POST' }) };
    const { status, headers: answer, text } = await ask(method, path, headers, method === 'POST' ? '2' : '');
    const allowed = answer['access-control-allow-origin'];

    // Whatever is answered may not be kept for another origin, and nobody brings cookies from elsewhere.
    expect(answer.vary).toMatch(/origin/i);
    expect(answer['access-control-allow-credentials']).toBeUndefined();
    expect(allowed).not.toBe('*');
    if (listed) expect(allowed).toBe(origin);
    else if (origin !== own) expect(allowed).toBeUndefined();

    const mayAct = listed || origin === own;
    const isRead = method === 'GET' && !path.startsWith('/poll');
    if (!mayAct && !isRead) {
      expect(status).toBe(403);
      expect(text.replaceAll('\\"', '"')).toContain(
        `pages of ${JSON.stringify(origin)} may not do this here; if they should, add it to allowedOrigins`,
      );
      expect(answer['access-control-allow-methods']).toBeUndefined();
    } else if (method === 'OPTIONS') {
      expect(status).toBe(204);
      if (listed) expect(answer['access-control-allow-methods']).toContain('POST');
    } else expect(status).not.toBe(403);
  });

  test('a page that may not cannot send what would be taken for a form', async () => {
    const answer = await ask(
      'POST',
      '/api/topics/form',
      { origin: 'https://other.example', 'content-type': 'text/plain' },
      '1',
    );
    expect(answer.status).toBe(list.includes('*') ? 200 : 403);
  });
});

test('a refusal can be read by a page that is listed', async () => {
  const host = await startTestHost({ settings: { allowedOrigins: [LISTED] } });
  try {
    const answer = await fetch(`${host.url}/api/topics/nothing`, { headers: { origin: LISTED } });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('access-control-allow-origin')).toBe(LISTED);
  } finally {
    await host.close();
  }
});

test.each([
  ['https://portal.example/', 'allowedOrigins[0] must be an origin like https://portal.example, without a path'],
  ['https://portal.example/a?b', 'like https://portal.example, without a path'],
  ['https://Portal.example:443', 'like https://portal.example, without a path'],
  ['portal.example', 'like https://hall.example:8443, without a path'],
])('an origin that is written as %s is refused with the one that was meant', async (text, says) => {
  await expect(startTestHost({ settings: { allowedOrigins: [text] } })).rejects.toThrow(says);
});
