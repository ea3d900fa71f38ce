import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import type { TestCertificate } from './test-authority.ts';

/** @param body all that was sent, as a text */
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server of a test, on a port of its own. */
export interface TestServer {
  readonly port: number;
  /** Requests that came, as `METHOD host/path`. */
  readonly asked: string[];
  /** The headers of each, and what was sent with it. */
  readonly headers: IncomingMessage['headers'][];
  readonly bodies: string[];
  /** The address of this machine that each connection came to. */
  readonly reachedAt: (string | undefined)[];
  /** Connections that are open. */
  readonly open: number;
  /** Ends it and all of its connections at once. */
  kill(): Promise<void>;
}

/** Starts servers that answer as a test says, and ends all of them. */
export class TestServers {
  readonly #closes: (() => Promise<void>)[] = [];

  /** Answers requests. @param host `0.0.0.0` when absent, so that every 127.x.x.x is a host of its own */
  http(answer: Answer, options: { readonly host?: string; readonly tls?: TestCertificate } = {}): Promise<TestServer> {
    const { host = '0.0.0.0', tls } = options;
    const asked: string[] = [];
    const headers: IncomingMessage['headers'][] = [];
    const bodies: string[] = [];
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = String(Buffer.concat(chunks));
        asked.push(`${request.method} ${request.headers.host}${request.url}`);
        headers.push(request.headers);
        bodies.push(body);
        answer(request, response, body);
      });
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    return this.#listen(server, host, { asked, headers, bodies });
  }

  /** Hands over the bytes of each connection that has sent something. */
  tcp(talk: (socket: Socket) => void): Promise<TestServer> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => talk(socket));
    });
    return this.#listen(server, '127.0.0.1', { asked: [], headers: [], bodies: [] });
  }

  async close(): Promise<void> {
    await Promise.all(this.#closes.splice(0).map((close) => close()));
  }

  async #listen(
    server: Server | TcpServer,
    host: string,
    seen: Pick<TestServer, 'asked' | 'headers' | 'bodies'>,
  ): Promise<TestServer> {
    const reachedAt: (string | undefined)[] = [];
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      reachedAt.push(socket.localAddress);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const kill = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    this.#closes.push(kill);
    const { port } = server.address() as AddressInfo;
    return {
      port,
      ...seen,
      reachedAt,
      kill,
      get open() {
        return sockets.size;
      },
    };
  }
}

/** Resolves when that has come about, by the machine's own time; rejects after 5 s. */
export async function eventually(cameAbout: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!cameAbout()) {
    if (performance.now() > deadline) throw new Error(`in 5 s it did not come about: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
