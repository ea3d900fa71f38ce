import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, type StartedProgram, startProgram, type TestCertificate } from '@tidewall/testkit';

/** Whether Debian's Prometheus is here. */
export const HAS_PROMETHEUS = findProgram('prometheus') !== undefined;

/** A real Prometheus for a test, which can die and come back in the same place. */
export interface PrometheusServer {
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface PrometheusServerOptions {
  /** Ports of this machine that it reads metrics from, beside its own. */
  readonly scrapes?: readonly number[];
  /** What its web configuration says beside its certificate. */
  readonly web?: readonly string[];
  readonly tls?: TestCertificate;
}

const SCRAPE_MS = 200;

/** Starts a Prometheus that reads its own metrics five times a second. */
export async function startPrometheus(options: PrometheusServerOptions = {}): Promise<PrometheusServer> {
  const { scrapes = [], web = [], tls } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-prometheus-'));
  const port = await freePort();
  const secure = tls === undefined ? [] : ['tls_server_config:', '  cert_file: cert.pem', '  key_file: key.pem'];
  await writeFile(join(folder, 'prometheus.yml'), scrapeConfig(port, scrapes));
  await writeFile(join(folder, 'web.yml'), `${[...secure, ...web].join('\n')}\n`);
  if (tls !== undefined) {
    await writeFile(join(folder, 'cert.pem'), tls.cert);
    await writeFile(join(folder, 'key.pem'), tls.key);
  }
  const command = () => [
    ...['prometheus', '--config.file=prometheus.yml', '--web.config.file=web.yml', '--storage.tsdb.path=data'],
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  let running: StartedProgram | undefined;
  const start = async () => {
    running = await startProgram({ port, folder, command });
    // It listens before it takes questions.
    const until = performance.now() + 30_000;
    while (!running.output().includes('Server is ready') && performance.now() < until) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  await start();
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    start,
    close: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function scrapeConfig(port: number, scrapes: readonly number[]): string {
  const job = (name: string, targets: readonly number[]) => [
    `- job_name: ${name}`,
    `  static_configs: [{ targets: [${targets.map((target) => `"127.0.0.1:${target}"`).join(', ')}] }]`,
  ];
  const global = `global: { scrape_interval: ${SCRAPE_MS}ms, scrape_timeout: ${SCRAPE_MS}ms }`;
  const jobs = [...job('itself', [port]), ...(scrapes.length === 0 ? [] : job('test', scrapes))];
  return [global, 'scrape_configs:', ...jobs, ''].join('\n');
}
