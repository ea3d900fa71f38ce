// On each publication, walk over the topic's clients and send to each; the text is handed on as it came. With
// "compressed", what is larger than 1 KiB is compressed for each.
import { WebSocketServer } from 'ws';

const [port, compressed] = process.argv.slice(2);
const server = new WebSocketServer({
  port: Number(port),
  host: '127.0.0.1',
  perMessageDeflate: compressed === 'compressed' && { threshold: 1024 },
});
/** @type {Map<string, Set<import('ws').WebSocket>>} */
const followers = new Map();

server.on('connection', (socket) => {
  const followed = [];
  socket.on('message', (data) => {
    const text = String(data);
    if (text.startsWith('+')) {
      const topic = text.slice(1);
      const set = followers.get(topic) ?? new Set();
      followers.set(topic, set.add(socket));
      followed.push(set);
      return;
    }
    const payload = text.slice(4);
    for (const follower of followers.get(text.slice(0, 4)) ?? []) follower.send(payload);
  });
  socket.on('close', () => {
    for (const set of followed) set.delete(socket);
  });
});
process.on('SIGTERM', () => process.exit(0));
