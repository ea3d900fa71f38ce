import { io, type Socket } from 'socket.io-client';
import type { HostileCase } from '../hostile-case.contract.ts';
import { ask, askAll } from '../http/http-client.contract.ts';
import { RawClient } from '../websocket/raw-client.contract.ts';
import { socketIoGateway } from './server.ts';

const POLLING = '/socket.io/?EIO=4&transport=polling';
const WEB_SOCKET = '/socket.io/?EIO=4&transport=websocket';

async function connected(port: number): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false, forceNew: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

export const hostileCase: HostileCase = {
  definition: socketIoGateway,
  webSocket: {
    path: WEB_SOCKET,
    deflates: false,
    async greet(client) {
      await client.line();
      client.send('40');
      await client.line();
    },
    // The package's own half of WebSocket has the codes of RFC 6455, and ours cuts who floods it.
    ends: {
      'a frame that claims 100 MiB': 1009,
      'a frame that claims 2^60 bytes': 1009,
      'a million fragments': 1008,
      'fragments that are too large together': 1009,
      // Its own goodbye has no code.
      'a binary frame': 1005,
      'a flood of pings': 'cut',
      'a flood of pongs': 'cut',
    },
  },
  silent: [
    {
      title: 'WebSocket, and no connect',
      async open(port) {
        const { socket } = await RawClient.open(port, {}, WEB_SOCKET);
        return () => socket.destroy();
      },
      code: 4501,
      withinMs: 10_000,
      realTime: { connectTimeoutMs: 300 },
    },
    {
      title: 'a session that does not poll',
      async open(port) {
        await ask(port, POLLING);
        return () => {};
      },
      code: 4012,
      withinMs: 60_000,
      realTime: { pingMs: 200, deadMs: 500 },
    },
  ],
  doors: [
    ...[`GET ${POLLING}`, `POST ${POLLING}`, `GET ${POLLING}&sid=x`, `upgrade ${WEB_SOCKET}`],
    ...['GET /socket.io/socket.io.js'],
  ],
  names: [
    {
      title: 'rooms',
      async answers({ port }, names) {
        const socket = await connected(port);
        const answers: string[] = [];
        socket.on('update_data', (data) => answers.push(JSON.stringify(data)));
        for (const room of names) answers.push(JSON.stringify(await socket.emitWithAck('join', { room })));
        socket.disconnect();
        return answers;
      },
    },
    { title: 'scripts', counted: false, answers: ({ port }, names) => askAll(port, '/socket.io/', names) },
    { title: 'sessions', answers: ({ port }, names) => askAll(port, `${POLLING}&sid=`, names) },
  ],
  unknown: [
    {
      title: 'an event',
      async ask({ port }) {
        const socket = await connected(port);
        const answer = await socket.emitWithAck('drop_tables', 1);
        socket.disconnect();
        return answer;
      },
      answer: { error: { name: 'unknown_command' } },
      counted: 'unknown_command',
    },
    {
      title: 'a namespace',
      ask: ({ port }) =>
        new Promise((resolve) => {
          const socket = io(`http://127.0.0.1:${port}/admin`, { transports: ['websocket'], forceNew: true });
          socket.once('connect_error', ({ message }) => {
            socket.disconnect();
            resolve(message);
          });
        }),
      answer: 'Invalid namespace',
      counted: 'unknown_namespace',
    },
    {
      title: 'a session',
      ask: async ({ port }) => (await ask(port, `${POLLING}&sid=nobody`)).status,
      answer: 400,
      counted: 'bad_request',
    },
    {
      // Engine.IO ends what is no packet by itself, and has no word for why.
      title: 'a frame of another wire',
      async ask({ port }) {
        const client = await RawClient.open(port, {}, WEB_SOCKET);
        client.send({ id: 1, connect: { version: 1 } });
        return client.ended;
      },
      answer: { code: 1005 },
      counted: 'not_engine_io',
    },
  ],
};
