// What a dashboard does that has nothing between its pages and the database: each viewer's question is asked for each
// viewer, again and again, by a pool of connections.
import pg from 'pg';
import { WebSocketServer } from 'ws';

const [port, url, query, intervalMs] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 10 });
const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1' });

server.on('connection', (socket) => {
  let timer;
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const { rows } = await pool.query(query);
      socket.send(JSON.stringify(rows));
    } finally {
      asking = false;
    }
  };
  socket.once('message', () => {
    timer = setInterval(ask, Number(intervalMs));
    void ask();
  });
  socket.on('close', () => clearInterval(timer));
});
process.on('SIGTERM', () => process.exit(0));
