import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { findProgram, versionSaid } from '../programs.ts';
import { binaryFrame, TOPIC } from '../wire.ts';

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"protocol":1}\r\n';

/** The NATS server with its WebSocket listener, without JetStream. */
export const nats: Contender = {
  name: 'nats',
  missing: () =>
    findProgram('nats-server') === undefined
      ? 'it is not installed: npm run bench -- --install, or apt-get install nats-server'
      : undefined,
  version: () => versionSaid('nats-server', '--version'),
  command({ folder, port, publisherPort }) {
    const file = join(folder, 'nats.conf');
    writeFileSync(
      file,
      `listen: "127.0.0.1:${publisherPort}"\nwebsocket { listen: "127.0.0.1:${port}", no_tls: true, compression: false }\n`,
    );
    return [findProgram('nats-server') as string, '-c', file];
  },
  wire: {
    path: '/',
    greeting: binaryFrame(Buffer.from(CONNECT)),
    subscribe: binaryFrame(Buffer.from(`SUB t.${TOPIC} 1${TOPIC}\r\n`)),
    publisher: { port: 'own', says: [Buffer.from(`${CONNECT}PING\r\n`)] },
    publication: (payload) => Buffer.from(`PUB t.${TOPIC} ${payload.length}\r\n${payload}\r\n`),
    refusal: '-ERR',
  },
};
