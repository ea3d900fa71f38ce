import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { flaskSseGateway } from '../flask-sse/server.ts';
import { openGatewayBed } from '../gateway-bed.contract.ts';
import { sseGateway } from './server.ts';

/*
 * Runs as a program in a network of its own, which it takes down when a stream is open: from then on the system drops
 * every packet, and nobody tells anybody. It says after how many milliseconds the stream was noticed to be gone. The
 * gateway's own time stands still meanwhile.
 */

const STREAMS = {
  sse: { definition: sseGateway, path: '/sse?topic=a' },
  'flask-sse': { definition: flaskSseGateway, path: '/stream' },
} as const;

const [name = '', pingMs = ''] = process.argv.slice(2);
const { definition, path } = STREAMS[name as keyof typeof STREAMS];
const bed = await openGatewayBed(definition, { limits: { pingMs: Number(pingMs) } });
const client = connect(bed.port, '127.0.0.1');
client.on('error', () => {});
client.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
await once(client, 'data');
const pulledAt = performance.now();
spawnSync('ip', ['link', 'set', 'lo', 'down']);
const look = setInterval(() => {
  if (bed.meter.value('tidewall_gateway_connections', { gateway: definition.kind }) > 0) return;
  clearInterval(look);
  process.stdout.write(String(Math.round(performance.now() - pulledAt)), () => process.exit(0));
}, 20);
