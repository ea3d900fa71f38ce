import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { TOPIC, textFrame, upgrade } from '../wire.ts';
import { rivalVersion } from './rival-packages.ts';

const SERVER = fileURLToPath(new URL('servers/plain-ws.mjs', import.meta.url));

/** A loop over `ws` clients that sends to each: what one writes first. */
export const plainWs: Contender = {
  name: 'plain ws',
  missing: () => (rivalVersion('ws') === undefined ? 'the package ws is missing: npm run bench' : undefined),
  version: () => `ws ${rivalVersion('ws')}, Node ${process.versions.node}`,
  command: ({ port }) => [process.execPath, SERVER, String(port)],
  wire: {
    path: '/',
    subscribe: textFrame(`+${TOPIC}`),
    publisher: { port: 'clients', says: [upgrade('/')] },
    publication: (payload) => textFrame(TOPIC + payload),
  },
};
