import { type WebSocket, WebSocketServer } from 'ws';

/*
 * What the tutorials do: on each publication, walk over all clients and send to each. The rival of the fan-out
 * benchmark, as cheap as this way can be: the text is handed on as it came.
 */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => {
  const address = server.address();
  if (typeof address === 'object' && address) console.log(`ready on http://127.0.0.1:${address.port}`);
});
const subscribers = new Set<WebSocket>();

server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const text = String(data);
    if (text === 'subscribe') {
      subscribers.add(socket);
      socket.send('subscribed');
      return;
    }
    for (const subscriber of subscribers) subscriber.send(text);
  });
  socket.on('close', () => subscribers.delete(socket));
});
process.on('SIGTERM', () => process.exit(0));
