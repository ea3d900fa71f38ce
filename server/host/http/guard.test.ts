import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';

let host: TestHost;

beforeAll(async () => {
  host = await startTestHost({
    settings: {
      allowedOrigins: ['https://portal.example'],
      allowedHosts: ['wall.example'],
      http: { headersTimeoutMs: 200, requestTimeoutMs: 400, headerCount: 20 },
    },
  });
});

afterAll(() => host.close());

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** fetch does not let a program say who it is: `Host` and `Origin` are the browser's. */
function ask(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${host.url}${path}`, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const own = () => `localhost:${host.port}`;

function upgrade(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://localhost:${host.port}${path}`, { headers });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
    });
    socket.on('error', () => {});
  });
}

test('a page of another site can publish nothing', async () => {
  const answer = await ask('POST', '/api/topics/x', { host: own(), origin: 'https://evil.example' }, '1');
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.body)).toMatchObject({
    error: {
      name: 'permission_denied',
      message: 'pages of "https://evil.example" may not do this here; if they should, add it to allowedOrigins',
    },
  });
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expect((await ask('GET', '/api/topics/x', { host: own() })).status).toBe(404);
});

test("this server's own pages and listed ones can publish", async () => {
  expect((await ask('POST', '/api/topics/y', { host: own(), origin: host.url }, '1')).status).toBe(200);
  const listed = await ask('POST', '/api/topics/y', { host: own(), origin: 'https://portal.example' }, '1');
  expect(listed.status).toBe(200);
  expect(listed.headers['access-control-allow-origin']).toBe('https://portal.example');
});

test('a name that was made to point here is not answered', async () => {
  const answer = await ask('GET', '/api/topics', { host: `evil.example:${host.port}` });
  expect(answer.status).toBe(403);
  expect(answer.body).toContain('this server is not reached by the name');
  expect((await ask('GET', '/api/topics', { host: 'wall.example' })).status).toBe(200);
  expect((await ask('GET', '/', { host: 'evil.example' })).status).toBe(403);
});

test('WebSocket is opened by programs, own pages and listed ones alone', async () => {
  expect(await upgrade('/ws', {})).toBe(101);
  expect(await upgrade('/ws', { origin: host.url })).toBe(101);
  expect(await upgrade('/ws', { origin: 'https://portal.example' })).toBe(101);
  expect(await upgrade('/ws', { origin: 'https://evil.example' })).toBe(403);
  expect(await upgrade('/ws', { origin: 'null' })).toBe(403);
  expect(await upgrade('/ws', { host: 'evil.example' })).toBe(403);
  expect(await upgrade('/nowhere', {})).toBe(404);
});

/** What a policy says, by its directives. */
function policyOf({ headers }: Answer): Record<string, string> {
  const parts = String(headers['content-security-policy']).split('; ');
  return Object.fromEntries(parts.map((part) => [part.split(' ', 1)[0] ?? '', part.slice(part.indexOf(' ') + 1)]));
}

test.each(['/', '/s/none', '/login', '/setup', '/nowhere'])(
  'the page %s loads what is ours alone, and is framed by ours alone',
  async (path) => {
    const answer = await ask('GET', path, { host: own(), accept: 'text/html' });
    const policy = policyOf(answer);
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'self'",
    });
    expect(policy['style-src']).toMatch(/^'self'( 'sha256-[\w+/]+=')?$/);
    expect(answer.headers).toMatchObject({ 'x-frame-options': 'SAMEORIGIN', 'x-content-type-options': 'nosniff' });
  },
);

test.each(['/api/topics', '/api/nothing', '/metrics', '/nowhere'])(
  'what is no page, as %s, loads nothing and is framed by nobody',
  async (path) => {
    const answer = await ask('GET', path, { host: own() });
    expect(policyOf(answer)).toMatchObject({ 'default-src': "'none'", 'frame-ancestors': "'none'" });
    expect(String(answer.headers['content-security-policy'])).toMatch(/; sandbox$/);
    expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
  },
);

test('more headers than allowed are refused', async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x-${i}`, '1']));
  const answer = await ask('GET', '/healthz', { host: own(), ...many });
  expect(answer.status).toBe(431);
  expect(answer.body).toContain('more than 20 headers (http.headerCount)');
});

/** What a server says to a client that speaks raw bytes, until it hangs up. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(host.port, 'localhost', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      answer += piece;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

test('a client that is slow with its headers or its body is cut at the limit', async () => {
  const head = `POST /api/topics/slow HTTP/1.1\r\nhost: ${own()}\r\n`;
  const [slowHead, slowBody] = await Promise.all([raw(head), raw(`${head}content-length: 10\r\n\r\n12`)]);
  expect(slowHead).toMatch(/^HTTP\/1.1 408/);
  expect(slowBody).toMatch(/^HTTP\/1.1 408/);
});

test('what is not HTTP is refused and counted', async () => {
  expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  expect(await raw(`GET / HTTP/1.1\r\nhost: ${own()}\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
  const { body } = await ask('GET', '/metrics', { host: own() });
  for (const reason of ['not_http', 'headers', 'timeout', 'host', 'origin', 'unknown_gateway']) {
    expect(body).toMatch(new RegExp(`tidewall_http_rejected_total\\{reason="${reason}"\\} [1-9]`));
  }
});
