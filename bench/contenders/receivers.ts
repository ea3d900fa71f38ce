import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { findProgram, versionSaid } from '../programs.ts';
import type { Wire } from '../wire.ts';

/** Of a server that is only written to, over HTTP: nobody follows anything there. */
const NO_WIRE: Wire = {
  path: '/',
  publisher: { port: 'clients', says: [] },
  publication: (payload) => Buffer.from(payload),
};

/** InfluxDB 1.x with its defaults, but for what it would write about itself. */
export const influxDb: Contender = {
  name: 'influxdb',
  missing: () => missing('influxd', 'influxdb'),
  version: () => versionSaid('influxd', 'version'),
  command({ folder, port, publisherPort }) {
    const file = join(folder, 'influxdb.conf');
    writeFileSync(
      file,
      [
        'reporting-disabled = true',
        `bind-address = "127.0.0.1:${publisherPort}"`,
        '[meta]',
        `dir = "${folder}/meta"`,
        '[data]',
        `dir = "${folder}/data"`,
        `wal-dir = "${folder}/wal"`,
        '[http]',
        `bind-address = "127.0.0.1:${port}"`,
        'log-enabled = false',
        '[monitor]',
        'store-enabled = false',
        '',
      ].join('\n'),
    );
    return [findProgram('influxd') as string, '-config', file];
  },
  readyPath: '/ping',
  async prepare({ port }) {
    const made = await fetch(`http://127.0.0.1:${port}/query?q=CREATE%20DATABASE%20bench`, { method: 'POST' });
    if (!made.ok) throw new Error(await made.text());
  },
  wire: NO_WIRE,
};

/** Prometheus as the one that is written to; it scrapes nothing. */
export const prometheus: Contender = {
  name: 'prometheus',
  missing: () => missing('prometheus', 'prometheus'),
  version: () => versionSaid('prometheus', '--version'),
  command({ folder, port }) {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, '{}\n');
    return [
      findProgram('prometheus') as string,
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--log.level=error',
    ];
  },
  readyPath: '/-/ready',
  wire: NO_WIRE,
};

function missing(program: string, debianPackage: string): string | undefined {
  return findProgram(program) === undefined
    ? `it is not installed: npm run bench -- --install, or apt-get install ${debianPackage}`
    : undefined;
}
