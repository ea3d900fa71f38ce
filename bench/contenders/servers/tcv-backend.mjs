// Clients sign in with their first frame. What comes at /push is one component's data, and is sent to each of them.
import { createHmac } from 'node:crypto';
import express from 'express';
import { WebSocketServer } from 'ws';

const [port, secretId, secretKey = '', element] = process.argv.slice(2);
const app = express();
app.get('/healthz', (_request, response) => response.json({ code: 0, msg: 'ok' }));
const server = new WebSocketServer({ server: app.listen(Number(port), '127.0.0.1') });
/** @type {Set<import('ws').WebSocket>} */
const connected = new Set();

/** @param {Record<string, unknown>} body */
function isSigned({ TcvSignature: signature, ...fields }) {
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
  return (
    fields['TcvSecretId'] === secretId && createHmac('sha256', secretKey).update(text).digest('base64') === signature
  );
}

server.on('connection', (socket, request) => {
  const isPublisher = request.url === '/push';
  socket.on('message', (message) => {
    if (isPublisher) {
      const body = [{ id: element, data: JSON.parse(String(message)) }];
      const frame = JSON.stringify({ version: 1, action: 'UpdateComponentData', body });
      for (const client of connected) client.send(frame);
      return;
    }
    const { action, body } = JSON.parse(String(message));
    if (action === 'Connect' && isSigned(body)) connected.add(socket);
    else if (action === 'Ping') socket.send(JSON.stringify({ version: 1, action: 'Pong' }));
    else socket.close();
  });
  socket.on('close', () => connected.delete(socket));
});
process.on('SIGTERM', () => process.exit(0));
