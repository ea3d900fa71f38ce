import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { TOPIC, textFrame, upgrade } from '../wire.ts';
import { notInstalled, rivalVersion } from './rival-packages.ts';

const SERVER = fileURLToPath(new URL('servers/socket-io.mjs', import.meta.url));
const PATH = '/socket.io/?EIO=4&transport=websocket';

/** Socket.IO over WebSocket alone, a room a topic; with its connection state recovery where that is asked for. */
export function socketIo({ recover = false } = {}): Contender {
  return {
    name: 'socket.io',
    missing: () => notInstalled('socket.io'),
    version: () => `socket.io ${rivalVersion('socket.io')}, Node ${process.versions.node}`,
    command: ({ port }) => [process.execPath, SERVER, String(port), ...(recover ? ['recover'] : [])],
    wire: {
      path: PATH,
      greeting: textFrame('40'),
      greetedBy: '40{',
      subscribe: textFrame(`42["follow","${TOPIC}"]`),
      publisher: { port: 'clients', says: [upgrade(PATH), textFrame('40')] },
      publication: (payload) => textFrame(`42["publish","${TOPIC}",${payload}]`),
      // The last offset stands behind the data of an event, as one more argument.
      again: { keep: ['"pid":"', '},"'], text: '40{"pid":"%1","offset":"%2"}' },
    },
  };
}
