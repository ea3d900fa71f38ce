import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { DirectWrites } from './direct-writes.ts';
import { SocketOutput } from './socket-output.ts';

const HELLO = Buffer.from('hello');
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Learns nothing, as on a Node that writes in a way that we do not know. */
class OrdinaryWrites extends DirectWrites {
  override open(socket: Socket, bytes: Buffer): undefined {
    socket.write(bytes);
    return undefined;
  }
}

const WAYS = [
  ['through the handle', () => new DirectWrites()],
  ['in the ordinary way', () => new OrdinaryWrites()],
] as const;

async function open(direct: DirectWrites) {
  const server: Server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = await accepted;
  cleanups.push(() => {
    peer.destroy();
    socket.destroy();
    server.close();
  });
  socket.on('error', () => {});
  peer.on('error', () => {});
  let drained = 0;
  const owner = {
    drained: () => {
      drained++;
    },
  };
  const output = new SocketOutput(socket, HELLO, direct, owner);
  socket.on('drain', () => owner.drained());
  const received: Buffer[] = [];
  peer.on('data', (bytes) => received.push(bytes));
  return { socket, peer, output, received: () => Buffer.concat(received), drained: () => drained };
}

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise(setImmediate);
};

/** Bytes that tell their place. */
const pattern = (length: number, from: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (from + i * 7) & 255));

describe.each(WAYS)('written %s', (_way, create) => {
  test('bytes arrive whole and in order, whatever their sizes, read or not read meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.oneof(fc.nat(300), fc.nat(100_000)), fc.boolean(), fc.boolean()), { maxLength: 12 }),
        async (writes) => {
          const { peer, output, received } = await open(create());
          let expected = HELLO;
          for (const [i, [length, paused, waits]] of writes.entries()) {
            if (paused) peer.pause();
            else peer.resume();
            const bytes = pattern(length, i);
            expected = Buffer.concat([expected, bytes]);
            output.write(bytes);
            if (waits) await new Promise(setImmediate);
          }
          peer.resume();
          await until(() => received().length >= expected.length);
          expect(received().equals(expected)).toBe(true);
          await until(() => output.waitingBytes === 0);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a peer that does not read is seen by the bytes that wait, and its owner is told when none do', async () => {
    const { peer, output, received, drained } = await open(create());
    peer.pause();
    let written = HELLO.length;
    while (!output.isAbove(1_000_000)) {
      output.write(Buffer.alloc(200_000));
      written += 200_000;
    }
    expect(output.waitingBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(drained()).toBe(0);
    peer.resume();
    await until(() => drained() > 0);
    expect(output.waitingBytes).toBe(0);
    await until(() => received().length === written);
    expect(drained()).toBe(1);
    output.write(HELLO);
    await until(() => received().length === written + HELLO.length);
    expect(drained(), 'what is taken at once is no news').toBe(1);
  });

  test('an end comes after everything that waits', async () => {
    const { socket, peer, output, received } = await open(create());
    peer.pause();
    const bytes = pattern(5_000_000, 3);
    output.write(bytes);
    output.write(HELLO);
    expect(output.waitingBytes).toBeGreaterThan(0);
    socket.end();
    peer.resume();
    await once(peer, 'end');
    expect(received().equals(Buffer.concat([HELLO, bytes, HELLO]))).toBe(true);
  });

  test('a peer that is gone ends the socket, whether something waits or not', async () => {
    for (const waits of [false, true]) {
      const { socket, peer, output, drained } = await open(create());
      peer.pause();
      if (waits) output.write(Buffer.alloc(8_000_000));
      peer.resetAndDestroy();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await until(() => {
        output.write(HELLO);
        return socket.destroyed;
      });
      await closed;
      expect(drained()).toBe(0);
      output.write(HELLO);
    }
  });

  test('a socket may be destroyed while bytes wait', async () => {
    const { socket, peer, output } = await open(create());
    peer.pause();
    output.write(Buffer.alloc(8_000_000));
    output.write(Buffer.alloc(8_000_000));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    output.write(HELLO);
    await closed;
  });
});

describe('what goes through the handle', () => {
  const usesHandle = (direct: DirectWrites, socket: Socket) => direct.open(socket, HELLO) !== undefined;

  test('is a TCP socket, where Node writes as it did up to 24', async () => {
    const { socket } = await open(new OrdinaryWrites());
    const major = Number(process.versions.node.split('.')[0]);
    if (major <= 24) expect(usesHandle(new DirectWrites(), socket)).toBe(true);
  });

  test('is not a socket that is more than a socket', async () => {
    class WrappedSocket extends Socket {}
    const { socket } = await open(new OrdinaryWrites());
    expect(usesHandle(new DirectWrites(), Object.setPrototypeOf(socket, WrappedSocket.prototype))).toBe(false);
    expect(usesHandle(new DirectWrites(), new PassThrough() as unknown as Socket)).toBe(false);
  });

  test('is not a socket whose first write is not through', async () => {
    const { socket, peer } = await open(new OrdinaryWrites());
    peer.pause();
    socket.write(Buffer.alloc(8_000_000));
    expect(usesHandle(new DirectWrites(), socket)).toBe(false);
  });

  test.each([
    ['without a request', null],
    ['with a request of another kind', new (class Other {})()],
    ['with a request that does not tell whether it is in use', new (class WriteWrap {})()],
  ])('is nothing on a Node that writes %s', (_title, request) => {
    const written: unknown[] = [];
    class TCP {
      readonly writeQueueSize = 0;
      writeBuffer(...args: unknown[]): void {
        written.push(args);
      }
    }
    const handle = new TCP();
    const socket = Object.create(Socket.prototype, {
      _handle: { value: handle },
      writableLength: { value: 0 },
      write: { value: (bytes: Buffer) => handle.writeBuffer(request, bytes) },
    }) as Socket;
    expect(usesHandle(new DirectWrites(), socket)).toBe(false);
    expect(written).toEqual([[request, HELLO]]);
  });
});
