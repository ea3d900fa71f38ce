import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A server that says whatever a test makes it say. Tests only. */
export interface Pretender {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * @param hello called for each connection
 * @param answer called for each piece that arrives
 */
export async function startPretender(
  answer: (socket: Socket, piece: Buffer) => void,
  hello: (socket: Socket) => void = () => {},
): Promise<Pretender> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (piece) => answer(socket, piece));
    hello(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
