import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';

/** The port of a server, once it listens. Tests only. */
export async function listeningPort(server: WebSocketServer): Promise<number> {
  if (server.address() === null) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface JsonServer {
  readonly url: string;
  readonly server: WebSocketServer;
  /** What clients have said, oldest first. */
  readonly heard: string[];
  readonly requests: IncomingMessage[];
  /** The next client that connects, or the one that is there. */
  client(): Promise<WebSocket>;
  close(): Promise<void>;
}

/** A WebSocket server that a test speaks for. */
export async function startJsonServer(options: ServerOptions = {}): Promise<JsonServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  const heard: string[] = [];
  const requests: IncomingMessage[] = [];
  server.on('connection', (socket, request) => {
    requests.push(request);
    socket.on('message', (data) => heard.push(String(data)));
    socket.on('error', () => {});
  });
  return {
    url: `ws://127.0.0.1:${await listeningPort(server)}/live`,
    server,
    heard,
    requests,
    async client() {
      const [there] = server.clients;
      return there ?? ((await once(server, 'connection')) as [WebSocket])[0];
    },
    close() {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
