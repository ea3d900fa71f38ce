import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { TOPIC, textFrame, upgrade } from '../wire.ts';
import { rivalVersion } from './rival-packages.ts';

const SERVER = fileURLToPath(new URL('servers/bun.mjs', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../node_modules/@oven', import.meta.url));

/** Bun's `server.publish`. */
export const bun: Contender = {
  name: 'bun',
  missing: () =>
    findBun() === undefined ? 'there is no Bun for this machine in bench/node_modules: npm ci in bench/' : undefined,
  version: () => `Bun ${rivalVersion('bun')}`,
  command: ({ port }) => [findBun() as string, SERVER, String(port)],
  wire: {
    path: '/',
    subscribe: textFrame(`+${TOPIC}`),
    publisher: { port: 'clients', says: [upgrade('/')] },
    publication: (payload) => textFrame(TOPIC + payload),
  },
};

/** The program out of the package for this platform: the install script that would link it is not run. */
function findBun(): string | undefined {
  if (!existsSync(PACKAGES)) return undefined;
  return readdirSync(PACKAGES)
    .map((name) => `${PACKAGES}/${name}/bin/bun`)
    .find((path) => existsSync(path));
}
