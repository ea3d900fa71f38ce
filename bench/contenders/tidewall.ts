import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import type { Options } from '../options.ts';
import { NUMBER, TOPIC, textFrame, upgrade } from '../wire.ts';

/** The built product. */
export const BUILT_SERVER = fileURLToPath(new URL('../../apps/tidewall/dist/tidewall.js', import.meta.url));

const CONNECT = '{"id":1,"connect":{"version":1}}';
const NAME = `bench/${TOPIC}`;

export interface TidewallSettings {
  readonly name?: string;
  /** A log delivers each publication, a signal too but keeps none; a state is folded and only for deltas. */
  readonly kind?: 'log' | 'signal' | 'state';
  /** Limits in place of the defaults, beside those that any load needs. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Other settings of the file, as lines. */
  readonly config?: readonly string[];
  /** Options of each subscription. */
  readonly subscribe?: Readonly<Record<string, unknown>>;
  /** The publisher sends what leaves at the same moment in one frame. */
  readonly lines?: boolean;
  readonly compressed?: boolean;
  /** Another build of the server, to measure beside this one. */
  readonly server?: string;
}

/** Tidewall as its users run it, with what an operator would raise for one publisher of so much. */
export function tidewall({
  name = 'tidewall',
  kind = 'log',
  limits = {},
  config = [],
  subscribe = {},
  lines = false,
  compressed = false,
  server = BUILT_SERVER,
}: TidewallSettings = {}): Contender {
  const raised = {
    commandsPerSecond: 1_000_000,
    commandBurst: 1_000_000,
    sessions: 20_000,
    deadMs: 600_000,
    ...limits,
  };
  return {
    name,
    missing: () => (existsSync(server) ? undefined : `${server} is not built: npm run build`),
    version: () => `${versionOf(server)}, Node ${process.versions.node}`,
    command({ folder, port }) {
      const file = join(folder, 'tidewall.yaml');
      writeFileSync(
        file,
        [
          'demo: false',
          'host: 127.0.0.1',
          `port: ${port}`,
          'logLevel: warn',
          `dataDir: ${join(folder, 'data')}`,
          `limits: ${JSON.stringify(raised)}`,
          `topics: [{ pattern: "bench/#", kind: ${kind} }]`,
          ...config,
        ].join('\n'),
      );
      return [process.execPath, server, 'serve', '--config', file];
    },
    readyPath: '/readyz',
    wire: {
      path: '/ws',
      compressed,
      greeting: textFrame(CONNECT),
      subscribe: textFrame(`{"id":1${TOPIC},"subscribe":${JSON.stringify({ topic: NAME, ...subscribe })}}`),
      publisher: { port: 'clients', says: [upgrade('/ws'), textFrame(CONNECT)] },
      lines,
      publication(payload) {
        const line = `{"id":${NUMBER},"publish":{"topic":"${NAME}","data":${payload}}}`;
        return lines ? Buffer.from(`${line}\n`) : textFrame(line);
      },
      refusal: '"error":',
      again: {
        keep: ['"epoch":"', '"o":'],
        text: `${CONNECT}\n{"id":2,"subscribe":{"topic":"bench/0000","since":{"epoch":"%1","offset":%2}}}`,
      },
    },
  };
}

/** This build, and another one beside it where the options name one. */
export function tidewalls(options: Options, settings: TidewallSettings = {}): readonly Contender[] {
  const { beside } = options;
  return [
    tidewall(settings),
    ...(beside === undefined ? [] : [tidewall({ ...settings, name: 'tidewall beside', server: beside })]),
  ];
}

/** Another build may lie anywhere, and then says nothing of itself. */
function versionOf(server: string): string {
  const manifest = join(server, '../../package.json');
  if (!existsSync(manifest)) return server;
  return `Tidewall ${(JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }).version ?? 'unversioned'}`;
}
