import { lookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@tidewall/base';
import type { HttpLimits } from '../config.ts';
import { StartError } from '../startup-errors.ts';
import type { TlsFiles } from '../tls-files.ts';
import { createHttp2Sessions, type Http2Sessions } from './http2-sessions.ts';

export interface ListenersOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  /** What is shown to those who connect; they speak TLS then, and HTTP/2 if they can. */
  readonly tls?: TlsFiles | undefined;
  readonly request: RequestListener;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** A connection sent what is not HTTP, or not in time. The reason is a label. */
  readonly malformed: (reason: string) => void;
}

/** The open doors of the server. */
export interface Listeners {
  readonly port: number;
  /** Takes no new connections; resolves when the last one is gone. */
  close(): Promise<void>;
  /** Cuts the connections that are left. */
  cut(): void;
}

/** Often enough that a slow request is closed at its limit, and not half a minute later (Node's default). */
const CHECK_MS = 1000;
/** How often another free port is tried, when the first one was free on one address of `localhost` only. */
const FREE_PORT_TRIES = 5;

/**
 * Listens on every address of the host: `localhost` has two on most machines, and browsers choose either.
 *
 * @throws StartError in one line when the port or the address cannot be had
 */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const addresses = await addressesOf(options.host);
  const http2 = options.tls && createHttp2Sessions(options);
  for (let left = FREE_PORT_TRIES; ; left--) {
    const servers: Server[] = [];
    try {
      let port = options.port;
      for (const address of addresses) {
        const server = createHttpServer(options, http2);
        if (!(await listen(server, address, port, servers.length > 0))) continue;
        servers.push(server);
        port = portOf(server);
      }
      return listenersOf(servers, http2, port);
    } catch (cause) {
      for (const server of servers) server.close();
      const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!(inUse && options.port === 0 && left > 0)) throw startError(cause, options);
    }
  }
}

function listenersOf(servers: readonly Server[], http2: Http2Sessions | undefined, port: number): Listeners {
  return {
    port,
    close: async () => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const server of servers) server.closeIdleConnections();
      http2?.close();
      await Promise.all(closed);
    },
    cut: () => {
      http2?.cut();
      for (const server of servers) server.closeAllConnections();
    },
  };
}

function createHttpServer(options: ListenersOptions, http2: Http2Sessions | undefined): Server {
  const { limits, tls, request, upgrade, malformed } = options;
  const bounds: ServerOptions = {
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    keepAliveTimeout: limits.connectionTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, limits.headersTimeoutMs),
    maxHeaderSize: limits.headerBytes,
    noDelay: true,
  };
  const server =
    tls === undefined || http2 === undefined ? createServer(bounds, request) : secured(bounds, tls, options, http2);
  if (server instanceof TlsServer) server.on('tlsClientError', () => malformed('tls'));
  server.setTimeout(limits.connectionTimeoutMs);
  // Node drops what is over this without a word; one more than allowed is what tells that there were too many.
  server.maxHeadersCount = limits.headerCount + 1;
  server.maxConnections = limits.connections;
  server.on('upgrade', upgrade);
  server.on('drop', () => malformed('connections'));
  server.on('clientError', (failure: NodeJS.ErrnoException, socket) => {
    const [status, reason] = MALFORMED[failure.code ?? ''] ?? ['400 Bad Request', 'not_http'];
    if (failure.code !== 'ECONNRESET') malformed(reason);
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    else socket.destroy();
  });
  return server;
}

/** Whoever connects says by ALPN what they speak; who says nothing, HTTP/1.1. */
function secured(
  bounds: ServerOptions,
  tls: TlsFiles,
  { limits, request }: ListenersOptions,
  http2: Http2Sessions,
): TlsServer {
  const shown = { ...tls.context, handshakeTimeout: limits.headersTimeoutMs, ALPNProtocols: ['h2', 'http/1.1'] };
  const server = createTlsServer({ ...bounds, ...shown }, request);
  tls.onChange((context) => server.setSecureContext(context));
  const overHttp1 = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.take(socket);
    else for (const take of overHttp1) take.call(server, socket);
  });
  return server;
}

const MALFORMED: Readonly<Record<string, readonly [status: string, reason: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout'],
};

async function addressesOf(host: string): Promise<string[]> {
  if (host !== 'localhost') return [host];
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch {
    return ['127.0.0.1'];
  }
}

/** False when the machine does not have this further address after all. */
async function listen(server: Server, host: string, port: number, further: boolean): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return true;
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code ?? '';
    if (further && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)) return false;
    throw failure;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function startError(cause: unknown, { host, port }: ListenersOptions): StartError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} is taken by another program; use --port or TIDEWALL_PORT`,
    EACCES: `port ${port} may not be used by this user; use --port or TIDEWALL_PORT with one above 1023`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; use --host or TIDEWALL_HOST`,
    ENOTFOUND: `${host} is not an address or a name that is known here; use --host or TIDEWALL_HOST`,
  };
  return new StartError(sentences[code] ?? `cannot listen on ${host} port ${port}: ${code}`, { cause });
}
