// What a back end of one's own may be: an HTTP API at /oee, a WebSocket server at /quotes, server-sent events at /events,
// and a backend that was written for screens of Tencent Cloud 图 at /tcv.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const [port] = process.argv.slice(2);
const TCV_KEY = { id: 'AKIDexample', secret: 'a key that this example alone has' };
const SHIFTS = ['早班 morning', '中班 day', '夜班 night'];
let tick = 0;

const server = createServer((request, response) => {
  if (request.url === '/oee') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ value: Number((82 + 6 * Math.sin(tick / 9)).toFixed(1)), unit: '%' }));
  } else if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const timer = setInterval(() => {
      const text = `${SHIFTS[tick % 3]}: ${100 + (tick % 50)} 件 pieces`;
      response.write(
        `id: ${tick}\ndata: ${JSON.stringify({ t: Date.now(), text, level: tick % 7 === 0 ? 'warn' : 'info' })}\n\n`,
      );
    }, 1500);
    response.on('close', () => clearInterval(timer));
  } else {
    response.writeHead(404).end();
  }
});

const quotes = new WebSocketServer({ noServer: true });
const tcv = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  const doors = { '/quotes': quotes, '/tcv': tcv };
  const door = doors[request.url];
  if (door === undefined) socket.destroy();
  else door.handleUpgrade(request, socket, head, (client) => door.emit('connection', client));
});

tcv.on('connection', (client) => {
  client.on('message', (message) => {
    const { action, body } = JSON.parse(String(message));
    if (action === 'Connect' && isSigned(body)) client.signed = true;
    else if (action === 'Ping' && client.signed) client.send('{"version":1,"action":"Pong"}');
    else client.close();
  });
});

/** @param {Record<string, unknown>} body */
function isSigned({ TcvSignature: signature, ...fields }) {
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
  return (
    fields.TcvSecretId === TCV_KEY.id &&
    createHmac('sha256', TCV_KEY.secret).update(text).digest('base64') === signature
  );
}

setInterval(() => {
  tick += 1;
  const price = (base, wave) => Number((base + Math.sin(tick / wave) + Math.random() * 0.3).toFixed(2));
  const quote = JSON.stringify({ type: 'quote', data: { copper: price(9.6, 7), zinc: price(7.4, 11) } });
  for (const client of quotes.clients) client.send(quote);
  const body = [{ id: 'component/CardStat_1_0_0_15_1764500000000', data: { value: 1200 + (tick % 40), unit: '台' } }];
  for (const client of tcv.clients) {
    if (client.signed) client.send(JSON.stringify({ version: 1, action: 'UpdateComponentData', body }));
  }
}, 500);

server.listen(Number(port), 'localhost');
