import { createDecider, DEFAULT_RULES } from '@tidewall/access';
import type { Transport } from '@tidewall/browser-contracts/transport';
import { type Client, createClient } from '@tidewall/client';
import { withCredentials } from '@tidewall/client/credentials';
import { ACTIONS, type Need, type Principal, type Rule } from '@tidewall/contracts';
import { createPollTransport } from '@tidewall/gateways/poll/client';
import { createEventStreamTransport } from '@tidewall/gateways/sse/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import type { Filter } from '@tidewall/protocol';
import { startTestHost, type TestHost } from '@tidewall/testkit';
import { SignJWT } from 'jose';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

/*
 * The rights of everybody at every door, made from the rules' own table: what a principal may do is asked of the decision,
 * and what it can do of a server.
 */

const SECRET = 'the secret of the issuer of this test, long enough';
const ISSUER = 'https://id.example/';
const TOPIC = 'shop/sales';
const ROWS = [
  { id: 'a', site: 'sh', v: 1, cost: 'hidden' },
  { id: 'b', site: 'bj', v: 2, cost: 'hidden' },
];
const ADMIN: Principal = { id: 'admin', roles: ['admin'] };
const ROW_FILTER: Filter = ['site', 'eq', 'sh'];

/** Rules of the configuration, beside those of the built-in roles. */
const RULES: readonly Rule[] = [
  ...DEFAULT_RULES,
  { topics: 'shop/#', roles: ['shop-sh'], may: ['read', 'history'], filter: ROW_FILTER, fields: ['id', 'site', 'v'] },
  { topics: '+/sales', roles: ['counter'], may: ['presence'] },
];
const OWN: readonly Rule[] = [{ topics: 'shop/#', may: ['publish'] }];

/** Who comes: what the token claims; undefined: nothing is shown. */
const PEOPLE: Readonly<
  Record<string, { readonly roles: readonly string[]; readonly rules?: readonly Rule[] } | undefined>
> = {
  nobody: undefined,
  'somebody without a role': { roles: [] },
  'a viewer': { roles: ['viewer'] },
  'a publisher': { roles: ['publisher'] },
  'a designer': { roles: ['designer'] },
  'an admin': { roles: ['admin'] },
  'one of a shop': { roles: ['shop-sh'] },
  'one who counts': { roles: ['counter'] },
  'one with a rule of its own': { roles: [], rules: OWN },
};

let host: TestHost;
let tokens: Map<string, string>;

beforeAll(async () => {
  const settings = {
    host: '127.0.0.1',
    access: 'closed',
    rules: RULES as never,
    listen: { 'koa-http': 0 },
    gateways: { 'heart-check': { topics: { sales: TOPIC } } },
    tokens: {
      test: {
        issuer: ISSUER,
        audience: 'wall',
        secret: SECRET,
        rolesClaim: 'roles',
        rulesClaim: 'rules',
        mayGive: rolesOfAll(),
      },
    },
  };
  host = await startTestHost({ settings });
  tokens = new Map();
  for (const [who, claims] of Object.entries(PEOPLE)) if (claims) tokens.set(who, await tokenOf(claims));
  await host.hub.publish(ADMIN, { topic: TOPIC, kind: 'table', data: ROWS });
});

afterAll(() => host.close());

function rolesOfAll(): string[] {
  return [...new Set(Object.values(PEOPLE).flatMap((claims) => claims?.roles ?? []))];
}

function tokenOf(claims: object): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(ISSUER)
    .setAudience('wall')
    .setSubject('x')
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET));
}

/** What somebody got at a door: text of what was sent, or that it was refused. */
type Outcome = { readonly got: string } | 'refused';
type Try = (who: string) => Promise<Outcome>;

const shown = (who: string): Record<string, string> => {
  const token = tokens.get(who);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
};

const http =
  (method: string, path: string, body?: string): Try =>
  async (who) => {
    const response = await fetch(`${host.url}${path}`, {
      method,
      headers: shown(who),
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if ([401, 403].includes(response.status)) return 'refused';
    expect([method, path, response.status, text]).toEqual([method, path, expect.toBeOneOf([200, 204]), text]);
    return { got: text };
  };

/** A line each: what is refused is said in the answer. */
const lines: Try = async (who) => {
  const body = `${JSON.stringify({ topic: 'shop/lines', data: 1 })}\n`;
  const answer = await fetch(`${host.url}/api/publish`, { method: 'POST', headers: shown(who), body });
  const line = JSON.parse(await answer.text()) as { error?: { name: string } };
  return line.error === undefined ? { got: '' } : refusedBy(line.error.name);
};

const refusedBy = (name: string | undefined): Outcome => {
  expect(name).toBeOneOf(['permission_denied', 'unauthenticated']);
  return 'refused';
};

/** A stream that is read until its first event, or refused by its status. */
const stream =
  (path: string): Try =>
  async (who) => {
    const abort = new AbortController();
    const response = await fetch(`${host.url}${path}`, { headers: shown(who), signal: abort.signal });
    if (!response.ok) {
      expect(response.status).toBeOneOf([401, 403]);
      return 'refused';
    }
    let text = '';
    try {
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(piece).toString();
        if (/"code":(101|103|4[0-9]{3})|permission/.test(text)) return 'refused';
        if (text.includes('site')) return { got: text };
      }
    } finally {
      abort.abort();
    }
    return 'refused';
  };

/** A stream that begins with what comes next: whether it is opened. */
const opened =
  (path: string): Try =>
  async (who) => {
    const abort = new AbortController();
    const { ok, status } = await fetch(`${host.url}${path}`, { headers: shown(who), signal: abort.signal });
    abort.abort();
    if (ok) return { got: '' };
    expect(status).toBeOneOf([401, 403]);
    return 'refused';
  };

const TRANSPORTS: Readonly<Record<string, () => Transport>> = {
  websocket: () => createWebSocketTransport(WebSocket),
  sse: createEventStreamTransport,
  poll: createPollTransport,
};

/** By the SDK, over one transport. */
const sdk =
  (transport: string, act: (client: Client) => Promise<Outcome>): Try =>
  async (who) => {
    const token = tokens.get(who);
    const open = (TRANSPORTS[transport] as () => Transport)();
    const signed = token === undefined ? open : withCredentials(open, async () => ({ token }));
    const client = createClient({ url: host.url, transports: [signed], random: () => 0 });
    try {
      return await act(client);
    } catch (failure) {
      return refusedBy((failure as { kind?: string }).kind);
    } finally {
      client.close();
    }
  };

const follow = (client: Client, topic: string, more: object = {}): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    client.follow(topic, more, (replica) => {
      if (replica.refused !== undefined) resolve(refusedBy(replica.refused.name));
      else if (replica.value() !== undefined) resolve({ got: JSON.stringify(replica.value()) });
    });
    setTimeout(() => reject(new Error(`nothing was said of ${topic}`)), 10_000).unref();
  });

/** Socket.IO with its own client. */
const room =
  (event: string, body: object): Try =>
  async (who) => {
    const socket = io(host.url, {
      ...{ transports: ['websocket'], reconnection: false, forceNew: true, extraHeaders: shown(who) },
    });
    try {
      const update = new Promise<object>((resolve) => socket.once('update_data', resolve));
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
      const answer = (await socket.emitWithAck(event, body)) as { ok?: boolean; error?: { name: string } };
      if (answer.ok !== true) return refusedBy(answer.error?.name);
      return { got: event === 'join' ? JSON.stringify(await update) : '' };
    } finally {
      socket.disconnect();
    }
  };

interface Door {
  readonly title: string;
  readonly action: string;
  readonly topic: string;
  readonly at: Try;
  /** Whether what is got are the rows of the topic. */
  readonly rows?: boolean;
}

const door = (title: string, action: string, at: Try, more: Partial<Door> = {}): Door => ({
  ...{ title, action, topic: TOPIC, at },
  ...more,
});

const DOORS: readonly Door[] = [
  door('POST /api/topics', 'publish', http('POST', '/api/topics/shop/new', '1'), { topic: 'shop/new' }),
  door('POST /api/publish', 'publish', lines, { topic: 'shop/lines' }),
  door('GET /api/topics/…', 'read', http('GET', `/api/topics/${TOPIC}`), { rows: true }),
  door('GET /api/topics/…?limit', 'history', http('GET', `/api/topics/${TOPIC}?limit=10`), { rows: true }),
  door('GET /api/presence', 'presence', http('GET', `/api/presence/${TOPIC}`)),
  door('/sse?topic', 'read', stream(`/sse?topic=${TOPIC}`), { rows: true }),
  door('/stream?channel', 'read', opened('/stream?channel=alerts'), { topic: 'redis/alerts' }),
  door('/poll?topic', 'read', http('GET', `/poll?topic=${TOPIC}`), { rows: true }),
  ...Object.keys(TRANSPORTS).flatMap((name) => [
    door(
      `subscribe over ${name}`,
      'read',
      sdk(name, (client) => follow(client, TOPIC)),
      { rows: true },
    ),
    door(
      `publish over ${name}`,
      'publish',
      sdk(name, async (client) => ({ got: JSON.stringify(await client.publish('shop/sdk', 1)) })),
      { topic: 'shop/sdk' },
    ),
    door(
      `history over ${name}`,
      'history',
      sdk(name, async (client) => ({ got: JSON.stringify(await client.history(TOPIC)) })),
      { rows: true },
    ),
    door(
      `presence over ${name}`,
      'presence',
      sdk(name, async (client) => ({ got: JSON.stringify(await client.presence(TOPIC)) })),
    ),
  ]),
  door('a room of Socket.IO', 'read', room('join', { room: TOPIC }), { rows: true }),
];

const decider = createDecider(RULES);
const principalOf = (who: string): Principal => {
  const { roles = [], rules } = PEOPLE[who] ?? {};
  return { id: who, roles, ...(rules && { rules }) };
};

describe.each(Object.keys(PEOPLE))('[A4] %s', (who) => {
  test.each(DOORS.map((each) => [each.action, each.title, each] as const))(
    'may %s by %s exactly where the rules say so',
    async (action, _, { topic, at, rows }) => {
      const permission = decider.decide(principalOf(who), { thing: 'topics', action, name: topic });
      const outcome = await at(who);
      expect(outcome === 'refused').toBe(permission === undefined);
      if (outcome === 'refused' || !rows) return;
      expect(outcome.got).toContain('sh');
      expect(outcome.got.includes('bj')).toBe(permission?.filter === undefined);
      expect(outcome.got.includes('hidden')).toBe(permission?.fields === undefined);
    },
  );
});

test('[A4] each action on topics has a door here', () => {
  expect([...new Set(DOORS.map(({ action }) => action))].sort()).toEqual([...ACTIONS.topics].sort());
});

/** What needs nothing: it tells nothing that is not for strangers, or finds out who that is. */
const FOR_EVERYBODY = [
  'GET /api/components',
  'GET /api/ingest/influx/ping',
  'GET /api/ingest/influx/query',
  'POST /api/ingest/influx/query',
  'GET /api/openapi.json',
  'GET /api/session',
  'GET /api/sign-in',
  'POST /api/session',
  'DELETE /api/session',
  'PUT /api/session/password',
  'POST /api/setup',
  'POST /api/shares/{share}/open',
  'GET /healthz',
  'GET /readyz',
];

interface Call {
  readonly method: string;
  readonly path: string;
  readonly need: Need | string;
}

/** Each call of the API, with what it needs, as the reference says it. */
async function reference(): Promise<readonly Call[]> {
  const { paths } = (await (await fetch(`${host.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { 'x-tidewall-needs': Need | string }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-tidewall-needs': need }]) => {
      return { method: method.toUpperCase(), path, need };
    }),
  );
}

test('[A4] what needs nothing is known by name', async () => {
  const open = (await reference()).filter(({ need }) => need === 'everybody');
  expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...FOR_EVERYBODY].sort());
});

test.each(Object.keys(PEOPLE))('[A4] %s is let through to each call exactly where the rules say so', async (who) => {
  const decided = (await reference()).flatMap(({ need, ...call }) =>
    typeof need === 'string' ? [] : [{ ...call, need }],
  );
  expect(decided.length).toBeGreaterThan(25);
  for (const { method, path: template, need: asked } of decided) {
    const path = template.replace(/\{\w+\}/g, 'x');
    const need = asked.name.startsWith('{') ? { ...asked, name: 'x' } : asked;
    // Wrong on purpose: what is refused is refused before it is read.
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { body: 'no JSON' } : {};
    const { status } = await fetch(`${host.url}${path}`, { method, headers: shown(who), ...body });
    const allowed = decider.decide(principalOf(who), need) !== undefined;
    expect([method, path, [401, 403].includes(status)]).toEqual([method, path, !allowed]);
  }
});
