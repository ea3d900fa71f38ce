import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { rivalVersion } from './rival-packages.ts';

/** The file that all of them read. */
export interface CsvFile {
  readonly path: string;
  readonly rows: number;
}

/** No client speaks to it by WebSocket. */
const NO_WIRE: Contender['wire'] = {
  path: '/',
  publisher: { port: 'clients', says: [] },
  publication: () => Buffer.alloc(0),
};

const script = (name: string) => fileURLToPath(new URL(`servers/${name}`, import.meta.url));

/** A plain loop over what csv-parse finds: records as lists of texts, or as objects of texts by the names of columns. */
export function csvParse({ path }: CsvFile, records: 'lists' | 'objects'): Contender {
  return {
    name: `csv-parse, ${records}`,
    missing: () => (rivalVersion('csv-parse') === undefined ? 'csv-parse is not installed: npm ci' : undefined),
    version: () => `csv-parse ${rivalVersion('csv-parse')}, Node ${process.versions.node}`,
    command: ({ port }) => [
      ...[process.execPath, script('csv-parse.mjs'), String(port), path],
      ...(records === 'objects' ? ['columns'] : []),
    ],
    readyPath: '/',
    wire: NO_WIRE,
  };
}

/** A source of kind csv, with types found out and each publication awaited. */
export function csvSource({ path, rows }: CsvFile, kind: 'log' | 'series'): Contender {
  return {
    name: `tidewall, ${kind}`,
    missing: () => undefined,
    version: () => `Tidewall, Node ${process.versions.node}`,
    command: ({ port }) => [
      ...[process.execPath, '--import', import.meta.resolve('tsx'), script('csv-source.ts')],
      ...[String(port), path, kind, String(rows)],
    ],
    readyPath: '/',
    wire: NO_WIRE,
  };
}
