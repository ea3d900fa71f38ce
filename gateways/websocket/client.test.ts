import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TransportEvents } from '@tidewall/browser-contracts/transport';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createWebSocketTransport, type WebSocketConstructor, webSocketUrl } from './client.ts';

let http: Server;
let wss: WebSocketServer;
let url: string;
const sockets = new Set<Socket>();

beforeEach(async () => {
  http = createServer();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  wss = new WebSocketServer({ server: http, path: '/ws' });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  wss.close();
  http.close();
});

/** Events of a link, as the client would hear them. */
function listener() {
  const heard: unknown[][] = [];
  const events: TransportEvents = {
    opened: () => heard.push(['opened']),
    received: (text) => heard.push(['received', text]),
    closed: (code, reason) => heard.push(['closed', code, reason]),
  };
  return { heard, events };
}

/** Node's own class when there is one, as in a browser, beside that of the library. */
const classes: [string, WebSocketConstructor][] = [['ws', WebSocket]];
const platform = (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
if (platform) classes.push(['the platform', platform]);

describe.each(classes)('the WebSocket transport over %s', (_name, WebSocketClass) => {
  test('opens /ws with the subprotocol, and carries text both ways', async () => {
    const { heard, events } = listener();
    const connected = once(wss, 'connection');
    const link = createWebSocketTransport(WebSocketClass).open(url, events);
    const [peer, request] = (await connected) as [WebSocket, { url: string; headers: Record<string, string> }];
    expect(request.url).toBe('/ws');
    expect(request.headers['sec-websocket-protocol']).toBe('tidewall.v1.json');
    await vi.waitFor(() => expect(heard).toEqual([['opened']]));
    const got = once(peer, 'message');
    link.send('{"ping":{"t0":1}}\n{"x":1}');
    expect(String((await got)[0])).toBe('{"ping":{"t0":1}}\n{"x":1}');
    peer.send('{"t":1}');
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(['received', '{"t":1}']));
    link.close(1000, 'done');
    link.send('nobody');
  });

  test('tells the code and the reason of the server, once', async () => {
    const { heard, events } = listener();
    wss.on('connection', (peer) => peer.close(4503, 'by an operator'));
    createWebSocketTransport(WebSocketClass).open(url, events);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(['closed', 4503, 'by an operator']));
    expect(heard).toHaveLength(2);
  });

  test('a link that breaks is 1006, with a sentence', async () => {
    const { heard, events } = listener();
    wss.on('connection', (peer) => peer.terminate());
    createWebSocketTransport(WebSocketClass).open(url, events);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(['closed', 1006, 'the link broke']));
  });

  test('a server that is not there is closed, not thrown', async () => {
    const { heard, events } = listener();
    createWebSocketTransport(WebSocketClass).open('http://127.0.0.1:1/', events);
    await vi.waitFor(() => expect(heard).toEqual([['closed', 1006, 'http://127.0.0.1:1/ cannot be reached']]));
  });

  test('a binary frame is not of this wire', async () => {
    const { heard, events } = listener();
    const left = new Promise<number>((resolve) => {
      wss.on('connection', (peer) => {
        peer.on('close', resolve);
        peer.send(Buffer.from([1, 2, 3]));
      });
    });
    createWebSocketTransport(WebSocketClass).open(url, events);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(['closed', 1003, 'the server sent a binary frame']));
    expect(await left).toBe(4501);
  });

  test('closing before it is open, with a reason too long for a close frame, ends it once', async () => {
    const { heard, events } = listener();
    const link = createWebSocketTransport(WebSocketClass).open(url, events);
    link.close(4501, '潮'.repeat(100));
    link.close(1000, 'again');
    expect(heard).toEqual([['closed', 4501, '潮'.repeat(100)]]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toHaveLength(1);
  });
});

test('the address of the wire comes from that of the server', () => {
  expect(webSocketUrl('http://hall:7070/')).toBe('ws://hall:7070/ws');
  expect(webSocketUrl('https://wall.example/tide/?x=1#y')).toBe('wss://wall.example/tide/ws');
  expect(webSocketUrl('HTTP://hall')).toBe('ws://hall/ws');
  for (const bad of ['', 'hall:7070', 'ftp://hall/', 'http://']) expect(() => webSocketUrl(bad)).toThrow(TypeError);
});

test('a platform without WebSocket is told which argument is missing', () => {
  if (platform) return;
  expect(() => createWebSocketTransport()).toThrow(/library/);
});
