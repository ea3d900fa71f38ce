import type { RequestListener } from 'node:http';
import {
  createServer,
  type Http2ServerRequest,
  Http2ServerResponse,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '@tidewall/base';
import type { HttpLimits } from '../config.ts';
import { Http2Connection } from './http2-connection.ts';

/*
 * Node bounds by itself: headers that go on from frame to frame (`CONTINUATION`), answers to pings and settings that wait
 * to be read, settings in one frame (32), invalid frames (1000), refused streams (100), and the memory of one connection
 * (10 MB). The rest is bounded here, for each connection.
 */

export interface Http2Options {
  readonly limits: HttpLimits;
  readonly clock: Clock;
  readonly request: RequestListener;
  /** A connection did what it may not. The reason is a label. */
  readonly malformed: (reason: string) => void;
}

/** The connections that speak HTTP/2, each of which carries many requests at once. */
export interface Http2Sessions {
  /** Takes over a connection on which HTTP/2 was agreed. */
  take(socket: Socket): void;
  /** Takes no new requests; a connection ends with its last answer. */
  close(): void;
  /** Cuts the connections that are left. */
  cut(): void;
}

/** What HTTP/1.1 writes in the first line of a request and as its `Host`. */
const PSEUDO_HEADERS = 4;

/**
 * Speaks HTTP/2 within the bounds of HTTP/1.1, to the same listener. It does not offer WebSocket over HTTP/2 (RFC 8441):
 * browsers open a connection of HTTP/1.1 for that then.
 */
export function createHttp2Sessions({ limits, clock, request, malformed }: Http2Options): Http2Sessions {
  const { connectionTimeoutMs, headerBytes, headerCount, streams } = limits;
  const server = createServer({
    settings: { maxConcurrentStreams: streams, maxHeaderListSize: headerBytes },
    // One more than allowed is what tells that there were too many; still more end the stream.
    maxHeaderListPairs: headerCount + PSEUDO_HEADERS + 1,
    Http2ServerResponse: AnswerOverHttp2,
  });
  const connections = new Map<ServerHttp2Session, Http2Connection>();
  let taken: Socket | undefined;
  server.setTimeout(connectionTimeoutMs);
  server.on('timeout', (session: ServerHttp2Session) => connections.get(session)?.idle());
  server.on('session', (session) => {
    if (taken === undefined) return;
    connections.set(session, new Http2Connection({ session, socket: taken, limits, clock, malformed }));
    session.once('close', () => connections.delete(session));
  });
  server.on('sessionError', (_, session: ServerHttp2Session) => {
    if (!connections.get(session)?.refused) malformed('http2');
  });
  server.on('connect', (_, response) => void response.writeHead(405).end());
  server.on('request', (incoming, response) => {
    const { session } = incoming.stream;
    if (session === undefined) return;
    connections.get(session as ServerHttp2Session)?.hold(incoming, response);
    if (isTwoHosts(incoming)) response.writeHead(400).end();
    else request(asOverHttp1(incoming) as never, response as never);
  });
  return {
    take(socket) {
      taken = socket;
      server.emit('connection', socket);
      taken = undefined;
    },
    close() {
      for (const connection of connections.values()) connection.close();
    },
    cut() {
      for (const connection of connections.values()) connection.cut();
    },
  };
}

/** Two names in one request would let it be judged by the one and answered by the other (RFC 9113, 8.3.1). */
function isTwoHosts({ headers: { host, ':authority': authority } }: Http2ServerRequest): boolean {
  return host !== undefined && authority !== undefined && host !== authority;
}

/** What the rest of the server looks for stands where HTTP/1.1 has it: the host, and that a body of no known length comes. */
function asOverHttp1(incoming: Http2ServerRequest): Http2ServerRequest {
  const { headers, stream } = incoming;
  if (headers[':authority'] !== undefined) headers.host = headers[':authority'];
  // No client can say so itself: such a header makes a request of HTTP/2 malformed.
  if (!stream.endAfterHeaders && headers['content-length'] === undefined) headers['transfer-encoding'] = 'chunked';
  return incoming;
}

/** `Connection` is about a connection that carries one answer; here it may not be sent. */
class AnswerOverHttp2 extends Http2ServerResponse {
  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (name.toLowerCase() !== 'connection') super.setHeader(name, value);
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    const { connection: _, ...headers } = (rest.at(-1) ?? {}) as OutgoingHttpHeaders;
    return super.writeHead(status, headers);
  }
}
