import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';

/** A loop over `ws` clients that sends to each. */
export const plainWs: Contender = {
  name: 'plain ws loop',
  command: () => [process.execPath, '--import', 'tsx', fileURLToPath(new URL('plain-ws-server.ts', import.meta.url))],
  path: '/',
  subscribe: ['subscribe'],
  greet: [],
  // The same bytes to a subscriber as Tidewall's push, so that both carry the same load.
  publish: (n, payload) => `{"t":1,"o":${n},"at":1700000000000,"d":${payload}}`,
};
