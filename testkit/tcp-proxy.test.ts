import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

let echo: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
    sockets.push(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await TcpProxy.start((echo.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  echo.close();
});

async function dial(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Resolves once that many bytes have come, with all of them. */
function received(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      if (bytes.length >= length) resolve(bytes);
    });
  });
}

describe('TcpProxy', () => {
  test('fair weather carries every byte both ways, in order', async () => {
    const socket = await dial();
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    const back = received(socket, sent.length);
    socket.write(sent);
    expect((await back).equals(sent)).toBe(true);
    expect(proxy.connections).toBe(1);
  });

  test('cut destroys what is open and refuses what comes, until it is healed', async () => {
    const open = await dial();
    open.write('x');
    await received(open, 1);
    proxy.cut();
    await once(open, 'close');
    const late = connect(proxy.port, '127.0.0.1');
    late.on('error', () => {});
    await once(late, 'close');
    expect(proxy.connections).toBe(0);
    proxy.heal();
    const again = await dial();
    const back = received(again, 2);
    again.write('hi');
    expect((await back).toString()).toBe('hi');
  });

  test('a stalled link stays open and carries nothing; healed, it delivers what was held', async () => {
    const socket = await dial();
    const back = received(socket, 4);
    socket.write('1');
    await once(socket, 'data');
    proxy.stall();
    let heard = 0;
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.length;
    });
    socket.write('234');
    const fresh = await dial();
    const echoed = received(fresh, 1);
    fresh.write('n');
    // A connection made in the stall is accepted; that nothing comes back is seen once something else has.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toBe(0);
    expect(socket.destroyed || fresh.destroyed).toBe(false);
    proxy.heal();
    expect((await back).toString()).toBe('1234');
    expect((await echoed).toString()).toBe('n');
  });

  test('a sender into a stalled link feels it', async () => {
    const socket = await dial();
    proxy.stall();
    while (socket.write(Buffer.alloc(65_536))) await new Promise((resolve) => setImmediate(resolve));
    expect(socket.writableNeedDrain).toBe(true);
  });

  test('delay makes every byte later by that much each way, and keeps the order', async () => {
    const socket = await dial();
    proxy.delay(40);
    const started = performance.now();
    const back = received(socket, 6);
    socket.write('abc');
    socket.write('def');
    expect((await back).toString()).toBe('abcdef');
    expect(performance.now() - started).toBeGreaterThanOrEqual(79);
  });

  test('drip lets so many bytes through each tick', async () => {
    const socket = await dial();
    proxy.drip(2);
    const chunks: number[] = [];
    socket.on('data', (bytes: Buffer) => chunks.push(bytes.length));
    const back = received(socket, 8);
    socket.write('abcdefgh');
    expect((await back).toString()).toBe('abcdefgh');
    expect(chunks.length).toBeGreaterThan(1);
  });

  test('an end from one side passes on to the other after all its bytes', async () => {
    const socket = await dial();
    proxy.delay(20);
    const back = received(socket, 3);
    socket.end('bye');
    expect((await back).toString()).toBe('bye');
    await once(socket, 'close');
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });
});
