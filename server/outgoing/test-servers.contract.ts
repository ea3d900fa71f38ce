import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import type { TestCertificate } from '@tidewall/testkit';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of a test, on a port of its own. */
export interface TestServer {
  readonly port: number;
  /** Requests that came, as `METHOD host/path`. */
  readonly asked: string[];
  /** The headers of each. */
  readonly headers: IncomingMessage['headers'][];
  /** The address of this machine that each connection came to. */
  readonly reachedAt: (string | undefined)[];
  /** Connections that are open. */
  readonly open: number;
}

/** Starts servers, and ends all of them. Tests only. */
export class TestServers {
  readonly #closes: (() => Promise<void>)[] = [];

  /** Answers requests. @param host `0.0.0.0` when absent, so that every 127.x.x.x is a host of its own */
  http(answer: Answer, options: { readonly host?: string; readonly tls?: TestCertificate } = {}): Promise<TestServer> {
    const { host = '0.0.0.0', tls } = options;
    const asked: string[] = [];
    const headers: IncomingMessage['headers'][] = [];
    const listener: Answer = (request, response) => {
      asked.push(`${request.method} ${request.headers.host}${request.url}`);
      headers.push(request.headers);
      answer(request, response);
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    return this.#listen(server, host, { asked, headers });
  }

  /** Hands over the bytes of each connection that has sent something. */
  tcp(talk: (socket: Socket) => void): Promise<TestServer> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => talk(socket));
    });
    return this.#listen(server, '127.0.0.1', { asked: [], headers: [] });
  }

  async close(): Promise<void> {
    await Promise.all(this.#closes.splice(0).map((close) => close()));
  }

  async #listen(
    server: Server | TcpServer,
    host: string,
    seen: Pick<TestServer, 'asked' | 'headers'>,
  ): Promise<TestServer> {
    const reachedAt: (string | undefined)[] = [];
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      reachedAt.push(socket.localAddress);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    this.#closes.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    );
    const { port } = server.address() as AddressInfo;
    return {
      port,
      ...seen,
      reachedAt,
      get open() {
        return sockets.size;
      },
    };
  }
}

/** Resolves when that has come about; the machine's own time. Tests only. */
export async function eventually(cameAbout: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!cameAbout()) {
    if (performance.now() > deadline) throw new Error(`in 5 s it did not come about: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
