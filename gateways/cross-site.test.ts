import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostileCase } from './hostile-case.contract.ts';

/*
 * What a page of another site gets at the door of any gateway, with the valid cookie of its visitor: the same at all of
 * them, on the server's own port and on one of their own.
 */

const PASSWORD = 'correct horse battery';
const here = new URL('./', import.meta.url);
const kinds = readdirSync(here).filter((kind) => existsSync(new URL(`${kind}/server.ts`, here)));
const CASES = await Promise.all(
  kinds.map(async (kind) => {
    const { hostileCase } = (await import(`./${kind}/hostile.contract.ts`)) as { hostileCase: HostileCase };
    return { ...hostileCase, kind };
  }),
);
const DOORS = CASES.flatMap(({ kind, doors }) => doors.map((door) => ({ kind, door })));

let host: TestHost;
let cookie: string;

beforeAll(async () => {
  host = await startTestHost({
    settings: {
      ...{ host: '127.0.0.1', access: 'closed', adminPassword: PASSWORD },
      listen: Object.fromEntries(kinds.map((kind) => [kind, 0])),
      gateways: Object.fromEntries(CASES.flatMap(({ kind, settings }) => (settings ? [[kind, settings]] : []))),
    },
  });
  const body = JSON.stringify({ name: 'admin', password: PASSWORD });
  const answer = await fetch(`${host.url}/api/session`, { method: 'POST', body });
  cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  expect(cookie).toMatch(/^tidewall_session=./);
});
afterAll(() => host.close());

/** What a door answers to a request with these headers. */
function statusOf(port: number, door: string, headers: readonly string[]): Promise<number> {
  const [method = '', path = ''] = door.split(' ');
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const lines = [
    `${method === 'upgrade' ? 'GET' : method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Cookie: ${cookie}`,
    ...headers,
    ...(method === 'upgrade' ? [...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='] : ['Content-Length: 0']),
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.once('data', (bytes) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(bytes))?.[1]));
      socket.destroy();
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

describe.each(DOORS)('[A7] $kind, $door', ({ kind, door }) => {
  test.each(['the server', 'its own'] as const)('takes no page of another site, on the port of %s', async (whose) => {
    const port = whose === 'its own' ? (host.ports[kind] ?? 0) : host.port;
    const strangers = [
      ['Origin: http://evil.example'],
      ['Origin: http://evil.example', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: websocket'],
      ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'],
      ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors'],
    ];
    for (const headers of strangers) {
      expect([headers, await statusOf(port, door, headers)]).toEqual([headers, 403]);
    }
    const own = [`Origin: http://127.0.0.1:${port}`, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors'];
    expect(await statusOf(port, door, own)).not.toBe(403);
  });
});
