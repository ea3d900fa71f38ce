import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/*
 * A backend of TCV as its users have written theirs, from the table of the wire. It shares no code with what it tries.
 */

export const BACKEND_KEY = { secretId: 'AKID7', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE' };

export interface TcvBackend {
  readonly url: string;
  readonly port: number;
  /** Frames of clients that have signed in, oldest first. */
  readonly heard: { readonly action: string; readonly from?: string; readonly clientId?: string }[];
  /** Tells all clients that have signed in. */
  tell(action: string, body: unknown): void;
  /** Resolves when a client has signed in. */
  signedIn(): Promise<WebSocket>;
  /** Cuts everybody off, and listens no more. */
  close(): Promise<void>;
}

interface Frame {
  readonly action: string;
  readonly body?: Record<string, unknown>;
}

/** @param port of an earlier one, to come back where it was */
export async function startTcvBackend(port = 0): Promise<TcvBackend> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  if (server.address() === null) await once(server, 'listening');
  const signed = new Set<WebSocket>();
  const waiting: ((socket: WebSocket) => void)[] = [];
  const heard: Frame[] = [];
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.action === 'Connect') {
        if (!isSigned(frame.body ?? {})) return socket.close(1008, 'the signature is wrong');
        signed.add(socket);
        for (const told of waiting.splice(0)) told(socket);
      }
      if (!signed.has(socket)) return;
      heard.push(frame);
      if (frame.action === 'Ping') socket.send('{"version":1,"action":"Pong"}');
    });
    socket.on('close', () => signed.delete(socket));
    socket.on('error', () => {});
  });
  const address = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${address.port}/`,
    port: address.port,
    heard,
    tell(action, body) {
      for (const socket of signed) socket.send(JSON.stringify({ version: 1, action, body }));
    },
    signedIn() {
      const [there] = signed;
      return there ? Promise.resolve(there) : new Promise((resolve) => waiting.push(resolve));
    },
    close() {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function isSigned({ TcvSignature: signature, ...fields }: Record<string, unknown>): boolean {
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
  const made = createHmac('sha256', BACKEND_KEY.secretKey).update(text).digest('base64');
  return fields['TcvSecretId'] === BACKEND_KEY.secretId && made === signature;
}
