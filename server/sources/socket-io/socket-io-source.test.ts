import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@tidewall/base';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { FakeClock } from '@tidewall/testkit';
import { type Namespace, Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PaceOfDemand } from '../pace-of-demand.ts';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './index.ts';

let http: ReturnType<typeof createServer>;
let io: Server;
let url: string;
let joins: string[];
let sockets: Socket[];
let pace: PaceOfDemand;
let sink: RecordingSink;
let clock: FakeClock;
let abort: AbortController;
let running: Promise<void> | undefined;

beforeEach(async () => {
  http = createServer();
  io = new Server(http, { pingInterval: 300, pingTimeout: 300 });
  joins = [];
  sockets = [];
  serve(io.of('/'));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  pace = new PaceOfDemand();
  sink = new RecordingSink();
  clock = new FakeClock(1_700_000_000_000);
  abort = new AbortController();
  running = undefined;
});

afterEach(async () => {
  abort.abort();
  await clock.advance(0);
  await running?.catch(() => {});
  io.disconnectSockets(true);
  await io.close();
  expect(clock.pending).toBe(0);
});

function serve(namespace: Namespace): void {
  namespace.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('join', ({ room }) => {
      joins.push(`join ${room}`);
      void socket.join(room);
    });
    socket.on('disconnecting', () =>
      joins.push(...[...socket.rooms].filter((room) => room !== socket.id).map((room) => `leave ${room}`)),
    );
    socket.onAny((event, data) => joins.push(`said ${event} ${JSON.stringify(data)}`));
  });
}

function run(config: JsonObject, more: object = {}): Promise<void> {
  const parsed = parseSourceConfig('probe', definition, { url, ...config });
  running = definition.create(parsed, testContext({ clock, pace, ...more })).run(sink, abort.signal);
  running.catch(() => {});
  return running;
}

const watch = (topic: string, watched = true) => pace.set(topic as never, { watched, unpaced: watched });

async function until(cameAbout: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!cameAbout()) {
    if (performance.now() > deadline) throw new Error(`it did not come about in 10 s; there was ${joins.join(', ')}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const joined = () => joins.filter((each) => !each.startsWith('said'));
const ROOMS = { rooms: { 'shop/sales': 'sales', 'shop/visitors': 'visitors' } };

describe('a room', () => {
  test('is joined while its topic is watched, and left after that', async () => {
    watch('shop/sales');
    run(ROOMS);
    await until(() => joined().length === 1);
    watch('shop/visitors');
    await until(() => joined().length === 2);
    watch('shop/sales', false);
    await until(() => joined().length === 3);
    expect(joined()).toEqual(['join sales', 'join visitors', 'leave sales']);
    await until(() => io.sockets.sockets.size === 1);
  });

  test('feeds its own topic, though all rooms have the same event', async () => {
    watch('shop/sales');
    watch('shop/visitors');
    run({ ...ROOMS, topicKind: 'state' });
    await until(() => joined().length === 2);
    io.to('sales').emit('update_data', { sales: 7, timestamp: '14:03:07' });
    io.to('visitors').emit('update_data', { visitors: 9 });
    await until(() => sink.publications.length === 2);
    expect(sink.of('shop/sales').map(({ data }) => data)).toEqual([{ sales: 7, timestamp: '14:03:07' }]);
    expect(sink.of('shop/visitors').map(({ data }) => data)).toEqual([{ visitors: 9 }]);
  });

  test('may be joined by another event, after others that sign in', async () => {
    watch('shop/sales');
    run({
      rooms: { 'shop/sales': 'sales' },
      join: 'subscribe',

      send: [{ event: 'login', data: 'me' }],
    });
    await until(() => joins.length === 2);
    expect(joins).toEqual(['said login "me"', 'said subscribe {"room":"sales"}']);
  });
});

describe('an event', () => {
  test('feeds the topic that is named for it; what carries no data, or bytes, is refused', async () => {
    watch('plant/oee');
    run({ events: { 'plant/oee': 'oee', 'plant/log': 'log' } });
    await until(() => sockets.length === 1);
    io.emit('oee', { value: 7 }, 'more');
    io.emit('log', 'text');
    io.emit('oee');
    io.emit('oee', Buffer.from('x'));
    io.emit('other', 1);
    await until(() => sink.publications.length === 2 && sink.refusals.length === 2);
    expect(sink.publications.map(({ topic, data }) => [topic, data])).toEqual([
      ['plant/oee', { value: 7 }],
      ['plant/log', 'text'],
    ]);
    expect(sink.refusals).toEqual(['oee carries no data, or bytes', 'oee carries no data, or bytes']);
  });

  test.each(['websocket', 'polling'])('comes over %s too, in its namespace, with credentials', async (transport) => {
    serve(io.of('/walls'));
    watch('a');
    const more = { auth: { token: 't0ken' }, headers: { 'x-wall': '7' }, query: { site: 'sh' } };
    run({ events: { a: 'a' }, namespace: '/walls', transports: [transport], ...more });
    await until(() => sockets.length === 1);
    const { handshake, conn } = sockets[0] as Socket;
    expect([conn.transport.name, handshake.auth, handshake.headers['x-wall'], handshake.query['site']]).toEqual([
      transport,
      { token: 't0ken' },
      '7',
      'sh',
    ]);
    io.of('/walls').emit('a', 5);
    await until(() => sink.publications.length === 1);
  });
});

describe('a server', () => {
  test('that refuses us fails with what it says, and without what it was told', async () => {
    io.use((_socket, next) => next(new Error('the token is wrong')));
    watch('a');
    const over = run({ events: { a: 'a' }, auth: { token: 'P4ssw0rd' } });
    await expect(over).rejects.toThrow(
      /^the Socket\.IO server 127\.0\.0\.1:\d+ cannot be reached: it does not let us in: the token is wrong$/,
    );
    await over.catch(({ message }) => expect(message).not.toContain('P4ssw0rd'));
  });

  test('without that namespace fails with that', async () => {
    watch('a');
    await expect(run({ events: { a: 'a' }, namespace: '/none' })).rejects.toThrow(
      /it does not let us in: Invalid namespace$/,
    );
  });

  test('that disconnects us, or is gone, fails with that', async () => {
    watch('a');
    const first = run({ events: { a: 'a' } });
    await until(() => sockets.length === 1);
    sockets[0]?.disconnect(true);
    await expect(first).rejects.toThrow(/is gone: (it has disconnected us|the connection was cut)$/);
    const second = run({ events: { a: 'a' } });
    await until(() => sockets.length === 2);
    sockets[1]?.conn.transport.close();
    await expect(second).rejects.toThrow(/is gone: /);
  });

  test.each(['websocket', 'polling'])(
    'that is no Socket.IO, or not there, fails with a sentence over %s',
    async (transport) => {
      const other = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
      await new Promise((resolve) => other.once('listening', resolve));
      const { port } = other.address() as AddressInfo;
      watch('a');
      const settings = { events: { a: 'a' }, transports: [transport] };
      await expect(run({ ...settings, url: `http://127.0.0.1:${port}` })).rejects.toThrow(
        /it answers 404; is Socket\.IO at that path\?$/,
      );
      await new Promise((resolve) => other.close(resolve));
      await expect(run({ ...settings, url: `http://127.0.0.1:${port}` })).rejects.toThrow(
        new RegExp(`^the Socket.IO server 127.0.0.1:${port} cannot be reached: `),
      );
    },
  );

  test('that may not be reached is not', async () => {
    watch('a');
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    await expect(run({ events: { a: 'a' } }, { outgoing })).rejects.toThrow(/is not a public address/);
    expect(sockets).toEqual([]);
  });

  test('that never answers is given up', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    watch('a');
    const over = run({ events: { a: 'a' }, url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    await new Promise((resolve) => silent.once('connection', resolve));
    await clock.advance(10_000);
    await expect(over).rejects.toThrow(/it does not let us in within 10000 ms$/);
    silent.closeAllConnections();
    silent.close();
  });
});

test.each<[object, RegExp]>([
  [{}, /rooms: must name a room/],
  [{ rooms: { a: 'x' }, events: { a: 'y' } }, /rooms: a is fed by both/],
  [{ url: 'ws://x', rooms: { a: 'x' } }, /url: must be an address like http/],
  [{ rooms: { 'a b': 'x' } }, /rooms\.a b: topic name/],
])('%j is refused by its setting', (config, says) => {
  expect(() => parseSourceConfig('probe', definition, { url: 'http://localhost', ...config })).toThrow(says);
});

describe('an attack by the server, or by who sets it', () => {
  test.each(['//127.0.0.1:6379/x', '/\\\\127.0.0.1/x'])(
    'the namespace %j names another server and is refused',
    (namespace) => {
      expect(() => parseSourceConfig('probe', definition, { url, ...ROOMS, namespace })).toThrow(
        'sources.probe.namespace: must not begin with two slashes',
      );
    },
  );

  test('a refusal that repeats what it was told tells nothing of that', async () => {
    io.of('/').use((socket, next) => next(new Error(`no ${socket.handshake.auth['token']} here`)));
    watch('shop/sales');
    const over = run({ ...ROOMS, auth: { token: 't0ken-planted' } });
    await expect(over).rejects.toThrow('it does not let us in: no *** here');
  });

  test('a redirect leads nowhere, and says so', async () => {
    let reached = 0;
    const inner = createServer((_request, response) => {
      reached += 1;
      response.end();
    });
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(inner.address() as AddressInfo).port}/latest/meta-data`;
    const outer = createServer((_request, response) => response.writeHead(302, { location }).end());
    await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve));
    watch('shop/sales');
    const over = run({
      ...ROOMS,
      url: `http://127.0.0.1:${(outer.address() as AddressInfo).port}`,
      transports: ['polling'],
    });
    await expect(over).rejects.toThrow('it answers 302; is Socket.IO at that path?');
    expect(reached).toBe(0);
    await Promise.all([inner, outer].map((server) => new Promise((resolve) => server.close(resolve))));
  });

  test('an answer without end is cut off', async () => {
    const endless = createServer((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    watch('shop/sales');
    const over = run({
      ...ROOMS,
      url: `http://127.0.0.1:${(endless.address() as AddressInfo).port}`,
      transports: ['polling'],
    });
    await expect(over).rejects.toThrow(/an answer is longer than 4194304 bytes/);
    await new Promise((resolve) => endless.close(resolve));
  });
});
