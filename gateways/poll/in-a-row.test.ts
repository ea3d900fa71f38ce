import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type GatewayBed, openGatewayBed } from '../gateway-bed.contract.ts';
import { pollGateway } from './server.ts';

const open: { bed?: GatewayBed; socket?: Socket } = {};

afterEach(async () => {
  open.socket?.destroy();
  await open.bed?.close();
});

test('of many requests in a row on one connection one is held, and the others cost no session', async () => {
  const bed = await openGatewayBed(pollGateway, {});
  open.bed = bed;
  await bed.publish('a', 1);
  const socket = connect(bed.port, '127.0.0.1');
  open.socket = socket;
  let text = '';
  socket.on('data', (bytes) => {
    text += String(bytes);
  });
  const first = 'GET /poll?topic=a HTTP/1.1\r\nhost: localhost\r\n\r\n';
  socket.write(first);
  await bed.until(() => text.includes('"cursor"'));
  const cursor = /"cursor":"([^"]+)"/.exec(text)?.[1] ?? '';
  text = '';
  const held = `GET /poll?topic=a&cursor=${encodeURIComponent(cursor)}&waitMs=60000 HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  socket.write(held.repeat(50));
  await bed.until(() => bed.rejections('poll') === 49);
  expect(bed.watchers('a')).toBe(1);
  await bed.publish('a', 2);
  await bed.until(() => text.split('HTTP/1.1 400').length === 50);
  expect(text).toContain('"d":2');
});
