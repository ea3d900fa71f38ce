import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { textFrame, upgrade } from '../wire.ts';
import { notInstalled, rivalVersion } from './rival-packages.ts';
import { TCV_ELEMENT, TCV_KEY, tcvGreeting } from './tcv-client.ts';

const SERVER = fileURLToPath(new URL('servers/tcv-backend.mjs', import.meta.url));

/** What a backend of Tencent Cloud 图 is written as: Express, `ws`, and a loop over the clients that have signed. */
export const tcvBackend: Contender = {
  name: 'Express + ws for TCV',
  missing: () => notInstalled('ws') ?? notInstalled('express'),
  version: () => `express ${rivalVersion('express')}, ws ${rivalVersion('ws')}, Node ${process.versions.node}`,
  command: ({ port }) => [process.execPath, SERVER, String(port), TCV_KEY.id, TCV_KEY.secret, TCV_ELEMENT],
  wire: {
    path: '/',
    greeting: tcvGreeting,
    publisher: { port: 'clients', says: [upgrade('/push')] },
    publication: textFrame,
  },
};
