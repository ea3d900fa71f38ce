import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { ERROR_CODES } from '@tidewall/protocol';
import { FakeClock, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostileCase } from './hostile-case.contract.ts';

/*
 * How much one address and one key may take at the door of any gateway: the same at all of them, on the server's own port
 * and on one of their own.
 */

const here = new URL('./', import.meta.url);
const kinds = readdirSync(here).filter((kind) => existsSync(new URL(`${kind}/server.ts`, here)));
const CASES = await Promise.all(
  kinds.map(async (kind) => {
    const { hostileCase } = (await import(`./${kind}/hostile.contract.ts`)) as { hostileCase: HostileCase };
    return { ...hostileCase, kind };
  }),
);
const DOORS = CASES.flatMap(({ kind, doors }) => doors.map((door) => ({ kind, door })));

const BURST = 3;
/** Shows the key that all of these tests share. */
let authorization: string[];

let host: TestHost;
let clock: FakeClock;
let addresses = 0;

/** An address that nobody has come from. */
const newAddress = () => `203.0.${addresses >> 8}.${addresses++ & 255}`;

beforeAll(async () => {
  clock = new FakeClock();
  host = await startTestHost({
    clock,
    settings: {
      host: '127.0.0.1',
      listen: Object.fromEntries(kinds.map((kind) => [kind, 0])),
      gateways: Object.fromEntries(CASES.flatMap(({ kind, settings }) => (settings ? [[kind, settings]] : []))),
      trustedProxies: ['127.0.0.1'],
      rates: {
        perAddress: { connectsPerSecond: 1, connectBurst: BURST, connections: 2 },
        perCaller: { connectBurst: 5, connectsPerSecond: 1 },
      },
    },
  });
  const made = await fetch(`${host.url}/api/keys`, { method: 'POST', body: '{}' });
  const { id, secret } = (await made.json()) as { readonly id: string; readonly secret: string };
  authorization = [`Authorization: Bearer ${id}:${secret}`];
});
afterAll(() => host.close());

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Ends the link, and resolves when the server knows. */
  hangUp(): Promise<void>;
}

/** Comes to a door by way of the trusted proxy, and stays. */
function come(port: number, door: string, from: string, more: readonly string[] = []): Promise<Answer> {
  const [method = '', path = ''] = door.split(' ');
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const lines = [
    `${method === 'upgrade' ? 'GET' : method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `X-Forwarded-For: ${from}`,
    ...more,
    ...(method === 'upgrade' ? [...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='] : ['Content-Length: 0']),
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.once('data', (bytes) => {
      const [head = '', body = ''] = String(bytes).split('\r\n\r\n');
      socket.resume();
      resolve({
        ...{ head, body, status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]) },
        hangUp: () =>
          new Promise((gone) => {
            if (socket.destroyed) return gone();
            socket.once('close', () => gone());
            socket.destroy();
          }),
      });
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

async function knock(port: number, door: string, from: string, more?: readonly string[]): Promise<Answer> {
  const answer = await come(port, door, from, more);
  await answer.hangUp();
  return answer;
}

async function metric(name: string): Promise<string[]> {
  const metrics = await (await fetch(`${host.url}/metrics`)).text();
  return metrics.split('\n').filter((line) => line.startsWith(name));
}

const OWN = [false, true];

describe.each(DOORS.flatMap((each) => OWN.map((own) => ({ ...each, own }))))(
  '$kind, $door, on a port of its own: $own',
  ({ kind, door, own }) => {
    const at = () => {
      const [method = '', path = ''] = door.split(' ');
      const { definition } = CASES.find((each) => each.kind === kind) as (typeof CASES)[number];
      // On a port of its own a gateway has every path.
      return own ? `${method} ${path.slice(definition.path.length).replace(/^(?!\/)/, '/')}` : door;
    };
    const port = () => (own ? (host.ports[kind] as number) : host.port);

    test('an address that connects too often is told when to come again, and is let in then', async () => {
      const from = newAddress();
      for (let i = 0; i < BURST; i++) expect((await knock(port(), at(), from)).status).not.toBe(429);
      const { status, head, body } = await knock(port(), at(), from);
      expect(status).toBe(429);
      expect(head.toLowerCase()).toMatch(/^retry-after: 1\r?$/m);
      expect(head.toLowerCase()).toContain('content-type: application/json');
      expect(JSON.parse(body)).toMatchObject({
        error: {
          code: ERROR_CODES.too_many_requests.code,
          message: expect.stringContaining('rates.perAddress.connectsPerSecond'),
          detail: { limit: 'connects', by: 'address' },
        },
      });
      // Others notice nothing.
      expect((await knock(port(), at(), newAddress())).status).not.toBe(429);
      await clock.advance(1000);
      expect((await knock(port(), at(), from)).status).not.toBe(429);
      expect((await knock(port(), at(), from)).status).toBe(429);
    });

    test('a key that connects from everywhere has one allowance, and its neighbours have theirs', async () => {
      await clock.advance(10_000);
      for (let i = 0; i < 5; i++) expect((await knock(port(), at(), newAddress(), authorization)).status).not.toBe(429);
      const from = newAddress();
      const refused = await knock(port(), at(), from, authorization);
      expect(refused.status).toBe(429);
      expect(refused.body).toContain('rates.perCaller.connectsPerSecond');
      expect((await knock(port(), at(), from)).status).not.toBe(429);
    });
  },
);

test('so many links of one address are open at once, at all gateways together, and one that ends makes room', async () => {
  const from = newAddress();
  const first = await come(host.port, 'upgrade /ws', from);
  const second = await come(host.port, 'GET /sse?topic=a', from);
  expect([first.status, second.status]).toEqual([101, 200]);
  const third = await knock(host.port, 'upgrade /tcv', from);
  expect(third.status).toBe(429);
  expect(third.body).toContain('rates.perAddress.connections');
  await clock.advance(10_000);
  await first.hangUp();
  await expect.poll(async () => (await knock(host.port, 'upgrade /ws', from)).status, { interval: 20 }).toBe(101);
  await second.hangUp();
});

test('refusals are counted by limit and by whose it was, and never by name', async () => {
  const rows = await metric('tidewall_rate_limited_total{');
  expect(rows.map((row) => row.replace(/ \d+$/, '')).sort()).toEqual([
    'tidewall_rate_limited_total{limit="connections",by="address"}',
    'tidewall_rate_limited_total{limit="connects",by="address"}',
    'tidewall_rate_limited_total{limit="connects",by="key"}',
  ]);
});
