import type { Socket as NetSocket } from 'node:net';
import type { JsonValue } from '@tidewall/base';
import { io, type Socket } from 'socket.io-client';
import type { JoinedClient, WireCase } from '../wire-case.contract.ts';
import { socketIoGateway } from './server.ts';

interface RoomClient extends JoinedClient {
  readonly socket: Socket;
}

/** How the contract suite of wires dials this one: with the package that its clients use. */
export const wireCase: WireCase = {
  definition: socketIoGateway,
  topic: 'sales',
  kind: 'state',
  data: (i) => ({ sales: i, note: 'x'.repeat(1000), timestamp: `14:03:${i}` }),
  join: (port) => joinRoom(port, 'sales'),
  hostile: [
    { title: 'a room that no topic can be', send: hostile((socket) => socket.emit('join', { room: '../+/#' })) },
    { title: 'a pattern as a room', send: hostile((socket) => socket.emit('join', { room: 'sales/#' })) },
    { title: 'no room', send: hostile((socket) => socket.emit('join', {})) },
    { title: 'a room that is no text', send: hostile((socket) => socket.emit('join', { room: { a: 1 } })) },
    { title: '__proto__ for a body', send: hostile((socket) => socket.emit('join', JSON.parse('{"__proto__":1}'))) },
    { title: 'an unknown event', send: hostile((socket) => socket.emit('drop_tables', 1)) },
    { title: 'an event that is a number', send: raw('42[7]') },
    { title: 'an event named like a member of every object', send: raw('42["__proto__",{"room":"sales"}]') },
    { title: 'binary data', send: hostile((socket) => socket.emit('publish', { room: 'a', data: Buffer.from('x') })) },
    {
      title: 'data that nests too deep',
      send: raw(`42["publish",{"room":"a","data":${'['.repeat(70)}${']'.repeat(70)}}]`),
    },
    { title: 'a packet of no kind', send: raw('9') },
    { title: 'a packet of no kind of Socket.IO', send: raw('49') },
    { title: 'text that is no packet', send: raw('hello') },
    { title: 'a heartbeat in the wrong direction', send: raw('2') },
    { title: 'more than a frame may have', send: raw(`42["join","${'x'.repeat(1024 * 1024)}"]`) },
    {
      title: 'a flood',
      send: hostile((socket) => {
        for (let i = 0; i < 1000; i++) socket.emit('join', { room: 'sales' });
      }),
    },
    { title: 'another namespace', send: raw('40/admin,') },
    { title: 'a second connect', send: raw('40') },
  ],
};

function hostile(send: (socket: Socket) => void) {
  return (client: JoinedClient) => send((client as RoomClient).socket);
}

function raw(text: string) {
  return (client: JoinedClient) => client.send?.(text);
}

/** A stock client over WebSocket that has joined a room. */
export async function joinRoom(port: number, room: string): Promise<RoomClient> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false, forceNew: true });
  const values: JsonValue[] = [];
  let wake = () => {};
  let over = false;
  const closed = new Promise<void>((resolve) => {
    socket.on('disconnect', () => {
      over = true;
      resolve();
      wake();
    });
  });
  socket.on('update_data', (value: JsonValue) => {
    values.push(value);
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  const answer = (await socket.emitWithAck('join', { room })) as { ok?: boolean; error?: { message: string } };
  if (answer.ok !== true) throw new Error(answer.error?.message);
  const { ws } = socket.io.engine.transport as unknown as { ws: { send(text: string): void; _socket: NetSocket } };
  return {
    socket,
    async next() {
      while (values.length === 0) {
        if (over) throw new Error('the connection ended');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return values.shift() as JsonValue;
    },
    send: (text) => ws.send(text),
    closed,
    pause: () => void ws._socket.pause(),
    resume: () => void ws._socket.resume(),
    vanish: () => {
      ws._socket.destroy();
      socket.disconnect();
    },
  };
}
