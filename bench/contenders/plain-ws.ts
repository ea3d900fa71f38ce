import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { TOPIC, textFrame, upgrade } from '../wire.ts';
import { notInstalled, rivalVersion } from './rival-packages.ts';

const SERVER = fileURLToPath(new URL('servers/plain-ws.mjs', import.meta.url));

/** A loop over `ws` clients that sends to each: what one writes first. */
export const plainWs = loop('plain ws', false);

/** The same with permessage-deflate, as `ws` does it: a compressor a client. */
export const plainWsCompressing = loop('plain ws, compressed', true);

function loop(name: string, compressed: boolean): Contender {
  return {
    name,
    missing: () => notInstalled('ws'),
    version: () => `ws ${rivalVersion('ws')}, Node ${process.versions.node}`,
    command: ({ port }) => [process.execPath, SERVER, String(port), ...(compressed ? ['compressed'] : [])],
    wire: {
      path: '/',
      compressed,
      subscribe: textFrame(`+${TOPIC}`),
      publisher: { port: 'clients', says: [upgrade('/')] },
      publication: (payload) => textFrame(TOPIC + payload),
    },
  };
}
