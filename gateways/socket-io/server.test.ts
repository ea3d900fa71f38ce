import { once } from 'node:events';
import { request } from 'node:http';
import type { JsonValue } from '@tidewall/base';
import { parseTopicPattern } from '@tidewall/protocol';
import { freePort, startTestHost, type TestHost } from '@tidewall/testkit';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { socketIoGateway } from './server.ts';
import { joinRoom } from './wire.contract.ts';

const open: { bed?: GatewayBed; sockets: Socket[] } = { sockets: [] };

afterEach(async () => {
  for (const socket of open.sockets.splice(0)) socket.disconnect();
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(socketIoGateway, options);
  return open.bed;
}

function dial(port: number, options: Partial<ManagerOptions & SocketOptions> = {}): Socket {
  const socket = io(`http://127.0.0.1:${port}`, { forceNew: true, transports: ['websocket'], ...options });
  open.sockets.push(socket);
  return socket;
}

async function connected(port: number, options?: Partial<ManagerOptions & SocketOptions>): Promise<Socket> {
  const socket = dial(port, options);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

function updatesOf(socket: Socket): JsonValue[] {
  const updates: JsonValue[] = [];
  socket.on('update_data', (value: JsonValue) => updates.push(value));
  return updates;
}

const TRANSPORTS = [['websocket'], ['polling'], ['polling', 'websocket']];

describe.each(TRANSPORTS)('over %s %s', (...transports) => {
  const via = { transports: transports.filter((name) => name !== undefined) };

  test('a member gets what the room holds and then each change, as the whole value', async () => {
    const bed = await bedWith();
    await bed.publish('sales', { sales: 1, orders: 1 });
    const socket = await connected(bed.port, via);
    const updates = updatesOf(socket);
    expect(await socket.emitWithAck('join', { room: 'sales' })).toEqual({ ok: true });
    await bed.until(() => updates.length === 1);
    await bed.hub.publish(PUBLISHER, { topic: 'sales', op: 'merge', data: { orders: 2 } });
    await bed.until(() => updates.length === 2);
    expect(updates).toEqual([
      { sales: 1, orders: 1 },
      { sales: 1, orders: 2 },
    ]);
  });

  test('every entry of a log comes once and in order, however many go in one write', async () => {
    const bed = await bedWith({ settings: { orders: { kind: 'log' } } });
    const socket = await connected(bed.port, via);
    const updates = updatesOf(socket);
    await socket.emitWithAck('join', 'orders');
    const sent = Array.from({ length: 50 }, (_, i) => ({ i, text: '订单'.repeat(i * 7) }));
    for (const data of sent) await bed.hub.publish(PUBLISHER, { topic: 'orders', data });
    await bed.until(() => updates.length === sent.length);
    expect(updates).toEqual(sent);
  });
});

describe('rooms', () => {
  test('a client may be in several, and is out of all of them when it is gone', async () => {
    const bed = await bedWith();
    const socket = await connected(bed.port);
    const updates = updatesOf(socket);
    for (const room of ['sales', 'visitors']) await socket.emitWithAck('join', { room });
    await bed.publish('sales', { sales: 1 });
    await bed.publish('visitors', { visitors: 2 });
    await bed.until(() => updates.length === 2);
    expect(await socket.emitWithAck('leave', { room: 'sales' })).toEqual({ ok: true });
    expect(bed.watchers('sales')).toBe(0);
    expect(bed.watchers('visitors')).toBe(1);
    await bed.publish('sales', { sales: 3 });
    await bed.publish('visitors', { visitors: 4 });
    await bed.until(() => updates.length === 3);
    expect(updates.at(-1)).toEqual({ visitors: 4 });
    socket.disconnect();
    await bed.until(() => bed.watchers('visitors') === 0);
  });

  test('a source runs from the first member of its room to a while after the last, whatever other rooms do', async () => {
    const bed = await bedWith({ limits: { lingerMs: 1000 } });
    const demand: string[] = [];
    bed.hub.onDemand(parseTopicPattern('+'), (topic, watched) => demand.push(`${topic} ${watched ? 'on' : 'off'}`));
    const [a, b] = [await connected(bed.port), await connected(bed.port)];
    await a.emitWithAck('join', { room: 'sales' });
    await b.emitWithAck('join', { room: 'sales' });
    await a.emitWithAck('join', { room: 'visitors' });
    expect(demand).toEqual(['sales on', 'visitors on']);
    await a.emitWithAck('leave', { room: 'sales' });
    await bed.clock.advance(2000);
    expect(demand).toHaveLength(2);
    b.disconnect();
    await bed.until(() => demand.includes('sales off'));
    expect(demand).toEqual(['sales on', 'visitors on', 'sales off']);
  });

  test('a name may be told to be another topic, and several names one', async () => {
    const bed = await bedWith({ gateway: { prefix: 'shop/', rooms: { 销售: 'a/b', sales: 'a/b' } } });
    const socket = await connected(bed.port);
    const updates = updatesOf(socket);
    for (const room of ['销售', 'sales', 'today', 7]) {
      expect(await socket.emitWithAck('join', { room })).toEqual({ ok: true });
    }
    await bed.publish('a/b', 1);
    await bed.publish('shop/today', 2);
    await bed.publish('shop/7', 3);
    await bed.until(() => updates.length === 3);
    expect(updates).toEqual([1, 2, 3]);
    await socket.emitWithAck('leave', { room: 'sales' });
    expect(bed.watchers('a/b')).toBe(1);
    await socket.emitWithAck('leave', { room: '销售' });
    expect(bed.watchers('a/b')).toBe(0);
  });

  test('answer a join before they send anything, however many are joined at once', async () => {
    const bed = await bedWith();
    const rooms = Array.from({ length: 30 }, (_, i) => `room${i}`);
    for (const room of rooms) await bed.publish(room, { room });
    const socket = await connected(bed.port);
    const heard: string[] = [];
    socket.on('update_data', ({ room }: { room: string }) => heard.push(`sent ${room}`));
    for (const room of rooms) socket.emit('join', { room }, () => heard.push(`answered ${room}`));
    await bed.until(() => heard.length === 2 * rooms.length);
    for (const room of rooms) expect(heard.indexOf(`answered ${room}`)).toBeLessThan(heard.indexOf(`sent ${room}`));
  });

  test('are as many as a session may have subscriptions, and the refusal says so', async () => {
    const bed = await bedWith({ limits: { subscriptionsPerSession: 2 } });
    const socket = await connected(bed.port);
    for (const room of ['a', 'b']) expect(await socket.emitWithAck('join', { room })).toEqual({ ok: true });
    const { error } = (await socket.emitWithAck('join', { room: 'c' })) as { error: { name: string; message: string } };
    expect(error).toMatchObject({
      name: 'limit_exceeded',
      message: expect.stringContaining('subscriptionsPerSession'),
    });
  });

  test('a room whose topic was let go is followed again by itself', async () => {
    const bed = await bedWith();
    const socket = await connected(bed.port);
    const updates = updatesOf(socket);
    await socket.emitWithAck('join', { room: 'sales' });
    await bed.publish('sales', 1);
    await bed.until(() => updates.length === 1);
    await bed.hub.forget(PUBLISHER, 'sales');
    await bed.until(() => bed.watchers('sales') === 0);
    await bed.publish('sales', 2);
    await bed.until(() => updates.length === 2);
    expect(updates).toEqual([1, 2]);
  });
});

describe('answers', () => {
  test.each([
    ['join', {}, 'bad_request'],
    ['join', null, 'bad_request'],
    ['join', { room: 'a b' }, 'bad_request'],
    ['leave', { room: '' }, 'bad_request'],
    ['publish', { room: 'a' }, 'bad_request'],
    ['publish', { data: 1 }, 'bad_request'],
  ])('%s with %j is refused as %s, and counted', async (event, body, name) => {
    const bed = await bedWith();
    const socket = await connected(bed.port);
    expect(await socket.emitWithAck(event, body)).toMatchObject({ error: { name } });
    const rejected = { gateway: 'socket-io', reason: name };
    expect(bed.meter.value('tidewall_frames_rejected_total', rejected)).toBe(1);
    expect(await socket.emitWithAck('join', { room: 'fine' })).toEqual({ ok: true });
  });

  test('what a client publishes to a room reaches its members, and is answered with its position', async () => {
    const bed = await bedWith();
    const [a, b] = [await connected(bed.port), await connected(bed.port)];
    const updates = updatesOf(b);
    await b.emitWithAck('join', { room: 'sales' });
    const answer = (await a.emitWithAck('publish', { room: 'sales', data: { sales: 5 } })) as object;
    expect(answer).toMatchObject({ ok: true, offset: 1 });
    await bed.until(() => updates.length === 1);
    expect(updates).toEqual([{ sales: 5 }]);
  });

  test('publications of one client keep their order, however many are under way', async () => {
    const bed = await bedWith({ settings: { orders: { kind: 'log' } } });
    const [a, b] = [await connected(bed.port), await connected(bed.port)];
    const updates = updatesOf(b);
    await b.emitWithAck('join', 'orders');
    const sent = Array.from({ length: 60 }, (_, i) => i);
    const answers = sent.map((data) => a.emitWithAck('publish', { room: 'orders', data }) as Promise<object>);
    for (const [i, answer] of answers.entries()) expect(await answer).toMatchObject({ ok: true, offset: i + 1 });
    await bed.until(() => updates.length === sent.length);
    expect(updates).toEqual(sent);
  });

  test('who may not be here is told why', async () => {
    const bed = await bedWith({ limits: { sessions: 1 } });
    await connected(bed.port);
    const answer = await fetch(`http://127.0.0.1:${bed.port}/socket.io/?EIO=4&transport=polling`);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ code: 4, message: 'there are 1 connections already' });
  });
});

describe('a server that stops', () => {
  test.each(TRANSPORTS)('and comes back finds its clients again by itself, over %s %s', async (...names) => {
    const transports = names.filter((name) => name !== undefined);
    const port = await freePort();
    const start = () => startTestHost({ settings: { port, host: '127.0.0.1' } });
    const first = await start();
    const socket = dial(port, { transports, reconnectionDelay: 20, reconnectionDelayMax: 100 });
    const updates = updatesOf(socket);
    // A page joins whenever it connects.
    socket.on('connect', () => socket.emit('join', { room: 'sales' }));
    const publish = async (host: TestHost, value: number) => {
      await expect.poll(() => host.hub.topics(PUBLISHER).some(({ watchers }) => watchers === 1)).toBe(true);
      await host.hub.publish(PUBLISHER, { topic: 'sales', data: value });
      await expect.poll(() => updates.at(-1)).toBe(value);
    };
    try {
      await publish(first, 1);
    } finally {
      await first.close();
    }
    await expect.poll(() => socket.connected).toBe(false);
    const second = await start();
    try {
      await publish(second, 2);
    } finally {
      await second.close();
    }
  });

  test('lets one that polls go, too, and takes no new ones', async () => {
    const bed = await bedWith();
    const socket = await connected(bed.port, { transports: ['polling'], reconnection: false });
    const disconnected = once(socket as never, 'disconnect');
    await bed.gateway.drain(new AbortController().signal);
    await disconnected;
    const late = dial(bed.port, { reconnection: false });
    await once(late as never, 'connect_error');
  });
});

describe('one who does not read', () => {
  test('is cut when it has taken nothing for the limit of time', async () => {
    const bed = await bedWith({ limits: { highWaterBytes: 4096, noProgressMs: 5000 } });
    const slow = await joinRoom(bed.port, 'sales');
    slow.pause();
    for (let i = 0; bed.refusedWrites() === 0; i++) await bed.publish('sales', { i, text: 'x'.repeat(100_000) });
    await bed.until(() => bed.watchers('sales') === 0);
    expect(bed.meter.value('tidewall_closes_total', { gateway: 'socket-io', code: '4008' })).toBe(1);
    slow.vanish();
  });

  test('its own answers is cut, too, and is not sent them all', async () => {
    const limits = { highWaterBytes: 4096, noProgressMs: 5000, commandsPerSecond: 1_000_000, commandBurst: 1_000_000 };
    const bed = await bedWith({ limits });
    const slow = await joinRoom(bed.port, 'sales');
    slow.pause();
    const cut = () => bed.meter.value('tidewall_closes_total', { gateway: 'socket-io', code: '4008' });
    for (let i = 1; cut() === 0 && i < 2000; i++) {
      for (let j = 0; j < 200; j++) slow.send?.(`42${i * 200 + j}["nothing"]`);
      await bed.clock.advance(20);
    }
    expect(cut()).toBe(1);
    const unread = { gateway: 'socket-io', reason: 'not_read' };
    expect(bed.meter.value('tidewall_frames_rejected_total', unread)).toBeGreaterThan(10_000);
    slow.vanish();
  });

  test('and polls no more keeps no more than the high water waiting', async () => {
    const bed = await bedWith({ limits: { highWaterBytes: 4096 } });
    const base = `http://127.0.0.1:${bed.port}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
    const say = (packet: string) => fetch(`${base}&sid=${sid}`, { method: 'POST', body: packet });
    const poll = async () => (await fetch(`${base}&sid=${sid}`)).text();
    await say('40');
    expect(await poll()).toContain('40{');
    await say('420["join","sales"]');
    expect(await poll()).toBe('430[{"ok":true}]');
    for (let i = 0; bed.refusedWrites() === 0; i++) await bed.publish('sales', { i, text: 'x'.repeat(1000) });
    for (let i = 100; i < 200; i++) await bed.publish('sales', { i, text: 'x'.repeat(1000) });
    const waiting = await poll();
    expect(waiting.length).toBeGreaterThan(3000);
    expect(waiting.length).toBeLessThan(8000);
    // What it missed meanwhile is over: the next is the newest.
    expect(await poll()).toContain('"i":199');
  });
});

test('who wants to connect twice in one breath is let in once, and leaves nothing behind', async () => {
  const bed = await bedWith();
  const base = `http://127.0.0.1:${bed.port}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
  const say = (body: string) => fetch(`${base}&sid=${sid}`, { method: 'POST', body });
  await say('40\x1e40');
  const answers = await (await fetch(`${base}&sid=${sid}`)).text();
  expect(answers.split('\x1e').map((text) => text.slice(0, 3))).toEqual(['40{', '44{']);
  await say('42["join","sales"]');
  await bed.publish('sales', 1);
  await bed.until(() => bed.watchers('sales') === 1);
  await say('1');
  await bed.until(() => bed.watchers('sales') === 0);
});

describe('the port', () => {
  test('gives pages the client of the package, as a Socket.IO server does', async () => {
    const bed = await bedWith();
    const answer = await fetch(`http://127.0.0.1:${bed.port}/socket.io/socket.io.min.js`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/javascript; charset=utf-8');
    expect(await answer.text()).toContain('Socket.IO v4.8');
  });

  test('lets a page that the door let in read the answers to its polls', async () => {
    const bed = await bedWith();
    const answer = await fetch(`http://127.0.0.1:${bed.port}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: 'http://127.0.0.1:5000' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:5000');
  });

  test.each([
    ['/socket.io/', 400],
    ['/socket.io/?EIO=3&transport=polling', 400],
    ['/socket.io/?EIO=4&transport=smoke', 400],
    ['/socket.io/?EIO=4&transport=polling&sid=__proto__', 400],
    ['/socket.io/?EIO=4&transport=polling&sid=unknown', 400],
    ['/socket.io/../../package.json', 400],
    ['/socket.io/%2e%2e/package.json.js', 400],
  ])('answers %s with %d, and counts it', async (path, status) => {
    const bed = await bedWith();
    const answered = await new Promise<number | undefined>((resolve) => {
      request({ port: bed.port, path }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      }).end();
    });
    expect(answered).toBe(status);
    await bed.until(() => bed.rejections('socket-io') === 1);
  });

  test('takes no body above the limit of a frame', async () => {
    const bed = await bedWith({ limits: { frameBytes: 1024 } });
    const base = `http://127.0.0.1:${bed.port}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
    const answer = await fetch(`${base}&sid=${sid}`, { method: 'POST', body: `42["join","${'x'.repeat(5000)}"]` });
    expect(answer.status).toBe(413);
    await bed.until(() => bed.rejections('socket-io') > 0);
  });
});
