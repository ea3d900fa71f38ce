// A room a topic. With "recover" it keeps what a client missed, as its documentation advises.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const [port, recover] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  // The load does not answer pings.
  pingInterval: 600_000,
  ...(recover === 'recover' && { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } }),
});
io.on('connection', (socket) => {
  socket.on('follow', (topic) => socket.join(topic));
  socket.on('publish', (topic, data) => io.to(topic).emit('p', data));
});
http.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
