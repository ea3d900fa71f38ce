import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, type StartedProgram, startProgram } from '@tidewall/testkit';

/** Whether Debian's Prometheus is here. */
export const HAS_PROMETHEUS = findProgram('prometheus') !== undefined;

/** One series of Prometheus with its samples; values as Prometheus writes them. */
export interface PromSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** A real Prometheus for a test, which can die and come back in the same place. */
export interface PrometheusServer {
  readonly port: number;
  /** Series that a selector with a range matches: `up[1m]`. */
  query(selector: string): Promise<readonly PromSeries[]>;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface PrometheusOptions {
  /** Where it writes what it scrapes. */
  readonly remoteWrite?: string;
  /** Addresses that it scrapes beside itself. */
  readonly targets?: readonly string[];
  readonly flags?: readonly string[];
}

export async function startPrometheus({
  remoteWrite,
  targets = [],
  flags = [],
}: PrometheusOptions): Promise<PrometheusServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-prometheus-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, configuration(remoteWrite, [`127.0.0.1:${port}`, ...targets]));
  const command = () => [
    'prometheus',
    `--config.file=${file}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ];
  const start = () => startProgram({ port, folder, command });
  let running: StartedProgram | undefined = await start();
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  return {
    port,
    async query(selector) {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(selector)}`;
      const { data } = (await (await fetch(url)).json()) as { data?: { result: PromSeries[] } };
      return data?.result ?? [];
    },
    kill: () => end('SIGKILL'),
    start: async () => {
      running = await start();
    },
    close: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(remoteWrite: string | undefined, targets: readonly string[]): string {
  const write = {
    url: remoteWrite,
    // Soon after each scrape, and again soon after a refusal.
    queue_config: { batch_send_deadline: '100ms', min_backoff: '30ms', max_backoff: '300ms' },
    metadata_config: { send_interval: '1s' },
  };
  return JSON.stringify({
    global: { scrape_interval: '250ms', scrape_timeout: '250ms' },
    scrape_configs: [{ job_name: 'test', static_configs: [{ targets }] }],
    ...(remoteWrite !== undefined && { remote_write: [write] }),
  });
}
