import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from '../gateway-bed.contract.ts';
import { clientFrame, RawClient } from './raw-client.contract.ts';
import { websocketGateway } from './server.ts';

const MiB = 1024 * 1024;
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options?: GatewayBedOptions): Promise<GatewayBed> {
  open.bed = await openGatewayBed(websocketGateway, options);
  return open.bed;
}

async function following(bed: GatewayBed, topic: string, headers: Record<string, string> = {}): Promise<RawClient> {
  const client = await RawClient.connected(bed.port, headers);
  client.send({ id: 2, subscribe: { topic, kind: 'log' } });
  await client.line();
  client.messages.length = 0;
  return client;
}

const compressed = (bytes: Buffer, fin = true) =>
  clientFrame(deflateRawSync(bytes, { finishFlush: 2 }).subarray(0, -4), { reserved: 0x40, fin });
const rejected = (bed: GatewayBed, reason: string) =>
  bed.meter.value('tidewall_frames_rejected_total', { gateway: 'websocket', reason });

/** JSON as a dashboard's state is: the same names again and again. */
const state = (rows: number) =>
  Object.fromEntries(
    Array.from({ length: rows }, (_, i) => [`sensor-${i}`, { value: (i * 7919) % 1000, state: 'running' }]),
  );

describe('[W2] compression', () => {
  test('of a large push is for those who agreed on it; all read the same', async () => {
    const bed = await bedWith();
    const clients = [
      await following(bed, 'a/log', OFFER),
      await following(bed, 'a/log'),
      await following(bed, 'a/log', OFFER),
    ];
    await bed.publish('a/log', state(100));
    for (const client of clients) expect(await client.line()).toMatchObject({ o: 1, d: state(100) });
    const [first, plain, second] = clients.map(({ messages }) => messages[0]);
    expect(plain?.compressed).toBe(false);
    expect(first?.compressed).toBe(true);
    expect(first?.bytes).toBeLessThan((plain?.bytes ?? 0) / 3);
    expect(second).toEqual(first);
  });

  test('is not of an answer', async () => {
    const bed = await bedWith();
    const client = await following(bed, 'a/log', OFFER);
    await bed.publish('a/log', state(100));
    client.send({ id: 3, history: { topic: 'a/log' } });
    for (let i = 0; i < 2; i++) await client.line();
    expect(client.messages.map((message) => message.compressed)).toEqual([true, false]);
  });

  test('begins above compressBytes', async () => {
    const bed = await bedWith({ limits: { compressBytes: 500 } });
    const client = await following(bed, 'a/log', OFFER);
    await bed.publish('a/log', 'x'.repeat(400));
    await bed.publish('a/log', 'x'.repeat(500));
    await client.line();
    await client.line();
    expect(client.messages.map((message) => message.compressed)).toEqual([false, true]);
  });

  test('is not agreed on where compressBytes is 0', async () => {
    const bed = await bedWith({ limits: { compressBytes: 0 } });
    const client = await RawClient.open(bed.port, OFFER);
    expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(client.head).not.toMatch(/extensions/i);
  });

  test('frames that were joined stay frames, compressed or not', async () => {
    const bed = await bedWith();
    const client = await following(bed, 'a/log', OFFER);
    const other = 'b/log';
    client.send({ id: 3, subscribe: { topic: other, kind: 'log' } });
    await client.line();
    await Promise.all([
      bed.hub.publish({ id: 'p', roles: [] }, { topic: 'a/log', data: state(50) }),
      bed.hub.publish({ id: 'p', roles: [] }, { topic: other, data: 'small' }),
      bed.hub.publish({ id: 'p', roles: [] }, { topic: 'a/log', data: state(60) }),
    ]);
    await bed.clock.advance(10);
    const lines: unknown[] = [];
    for (let i = 0; i < 3; i++) lines.push((await client.line())['d']);
    expect(lines).toEqual(expect.arrayContaining([state(50), 'small', state(60)]));
  });
});

describe('compressed commands', () => {
  test('are carried out, between others that are not, and in fragments', async () => {
    const bed = await bedWith();
    const client = await RawClient.connected(bed.port, OFFER);
    const publish = (id: number) => Buffer.from(JSON.stringify({ id, publish: { topic: 'a', data: state(id) } }));
    client.socket.write(compressed(publish(3)));
    client.socket.write(clientFrame(publish(4)));
    const body = deflateRawSync(publish(5), { finishFlush: 2 }).subarray(0, -4);
    client.socket.write(clientFrame(body.subarray(0, 9), { reserved: 0x40, fin: false }));
    client.socket.write(clientFrame(body.subarray(9), { opcode: 0 }));
    for (const [id, offset] of [
      [3, 1],
      [4, 2],
      [5, 3],
    ])
      expect(await client.line()).toMatchObject({ id, publish: { offset } });
  });

  test('[W29] that are blank lines of a megabyte count as the work that they are', async () => {
    const bed = await bedWith();
    const attacker = await RawClient.connected(bed.port, OFFER);
    const blank = compressed(Buffer.alloc(MiB - 1, 0x20));
    attacker.socket.write(Buffer.concat(new Array<Buffer>(250).fill(blank)));
    expect(await attacker.ended).toMatchObject({ code: 4013 });
  });

  test.each([
    ['cannot be inflated', clientFrame('\x07\x00', { reserved: 0x40 }), 1007, 'not_deflate'],
    ['are compressed pings', clientFrame('', { reserved: 0x40, opcode: 9 }), 1002, 'not_websocket'],
    ['are no text inside', compressed(Buffer.from([0xc3, 0x28])), 1007, 'not_utf8'],
  ])('[W5] that %s end the connection', async (_title, bytes, code, reason) => {
    const bed = await bedWith();
    const attacker = await RawClient.connected(bed.port, OFFER);
    attacker.socket.write(bytes);
    expect(await attacker.ended).toMatchObject({ code });
    expect(rejected(bed, reason)).toBe(1);
  });
});
