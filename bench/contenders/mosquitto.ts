import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { findProgram, versionSaid } from '../programs.ts';
import { binaryFrame, TOPIC } from '../wire.ts';

const CONNECT = packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 0x02, 0, 0]), text('')]));

/** Mosquitto with MQTT 3.1.1 over WebSocket, at most once. */
export const mosquitto: Contender = {
  name: 'mosquitto',
  missing: () =>
    findProgram('mosquitto') === undefined
      ? 'it is not installed: npm run bench -- --install, or apt-get install mosquitto'
      : undefined,
  version: () => versionSaid('mosquitto', '-h'),
  command({ folder, port, publisherPort }) {
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(
      file,
      [
        'allow_anonymous true',
        'log_type error',
        'set_tcp_nodelay true',
        // Without these it drops what a busy client cannot take at once.
        'max_queued_messages 0',
        'max_inflight_messages 0',
        ...(process.getuid?.() === 0 ? ['user root'] : []),
        `listener ${port} 127.0.0.1`,
        'protocol websockets',
        `listener ${publisherPort} 127.0.0.1`,
        '',
      ].join('\n'),
    );
    return [findProgram('mosquitto') as string, '-c', file];
  },
  wire: {
    path: '/mqtt',
    protocol: 'mqtt',
    greeting: binaryFrame(CONNECT),
    subscribe: binaryFrame(packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(`t/${TOPIC}`), Buffer.from([0])]))),
    publisher: { port: 'own', says: [CONNECT] },
    publication: (payload) => packet(0x30, Buffer.concat([text(`t/${TOPIC}`), Buffer.from(payload)])),
  },
};

/** A packet of MQTT: its type, its length in bytes of seven bits, and the rest. */
function packet(type: number, body: Buffer): Buffer {
  const head = [type];
  let left = body.length;
  do {
    head.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.alloc(2 + value.length);
  bytes.writeUInt16BE(value.length);
  bytes.write(value, 2);
  return bytes;
}
