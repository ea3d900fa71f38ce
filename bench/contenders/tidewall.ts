import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';

const TOPIC = 'bench/fan-out';
const CONNECT = '{"id":1,"connect":{"version":1}}';

/** The built product, as its users run it. A `log`, so that no publication is folded into another. */
export const tidewall: Contender = {
  name: 'tidewall',
  command(folder) {
    const config = join(folder, 'tidewall.yaml');
    writeFileSync(
      config,
      [
        'demo: false',
        `dataDir: ${folder}`,
        'limits: { commandsPerSecond: 1000000, commandBurst: 1000000 }',
        `topics: [{ pattern: ${TOPIC}, kind: log }]`,
      ].join('\n'),
    );
    const server = fileURLToPath(new URL('../../apps/tidewall/dist/tidewall.js', import.meta.url));
    return [process.execPath, server, 'serve', '--port', '0', '--config', config];
  },
  path: '/ws',
  subscribe: [`${CONNECT}\n{"id":2,"subscribe":{"topic":"${TOPIC}"}}`],
  greet: [CONNECT],
  publish: (n, payload) => `{"id":${n + 2},"publish":{"topic":"${TOPIC}","data":${payload}}}`,
};
