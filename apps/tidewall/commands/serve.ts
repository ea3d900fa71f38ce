import {
  createLog,
  type Flag,
  type FlagName,
  isLoopback,
  type LoadedConfig,
  loadConfig,
  type RunningHost,
  startHost,
} from '@tidewall/host';
import type { ProductFiles } from '../product-files.ts';

export interface ServeOptions {
  readonly flags: Readonly<Partial<Record<FlagName | 'config', Flag>>>;
  readonly files: ProductFiles;
  readonly version: string;
}

/** Stopping takes at most this long, whatever hangs. */
const STOP_MS = 4900;

/** Runs the server until it is told to stop. */
export async function serve({ flags, files, version }: ServeOptions): Promise<void> {
  const { demoFile, demoScreens, manifestFile, webDir } = files;
  const loaded = await loadConfig({ flags, env: process.env, folder: process.cwd(), demoFile });
  const human = process.stdout.isTTY === true;
  const colors = human && !process.env['NO_COLOR'];
  const log = createLog({
    level: loaded.config.logLevel,
    human,
    colors,
    node: loaded.config.node,
    write: (line) => process.stdout.write(line),
  });
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'something failed and nobody noticed'));
  process.on('uncaughtException', (failure) => {
    log.error({ err: failure }, 'the server fails and ends');
    process.exit(1);
  });

  const stop = untilSignal();
  const host = await startHost({ loaded, log, version, webDir, manifestFile, demoScreens });
  if (human) process.stdout.write(greeting(host, loaded, colors));
  else {
    // The log is for programs; who starts this in a script looks for the address on the other stream.
    process.stderr.write(`tidewall: ${host.url}\n`);
    // Not into the log: whoever has it becomes the admin.
    if (host.setupToken !== undefined)
      process.stderr.write(`tidewall: the first admin is made at ${setupLink(host)}\n`);
    log.info(
      { url: host.url, port: host.port, ports: host.ports, pid: process.pid, version, dataDir: loaded.config.dataDir },
      'ready',
    );
  }
  if (!isLoopback(loaded.config.host)) {
    const { host: address } = loaded.config;
    if (host.closed)
      log.info({ host: address }, 'closed: who may read and publish what is said by rules, keys and users');
    else
      log.warn({ host: address }, 'OPEN TO EVERYBODY who reaches this address: they may read and publish everything');
  }
  const signal = await stop;
  log.info({ signal }, 'stopping');
  await host.close();
  log.info({}, 'stopped');
  process.exit(0);
}

/** The first signal asks to stop, and is obeyed in time even while the start hangs; the second does not ask. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const heard = (signal: NodeJS.Signals) => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
      asked = true;
      setTimeout(() => process.exit(0), STOP_MS);
      resolve(signal);
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}

function setupLink({ url, setupToken }: Pick<RunningHost, 'url' | 'setupToken'>): string {
  return `${url}/setup#${setupToken}`;
}

function greeting(
  { url, ports, screenIds, setupToken }: RunningHost,
  { config, file }: LoadedConfig,
  colors: boolean,
): string {
  const strong = (text: string) => (colors ? `\u001b[1;36m${text}\u001b[0m` : text);
  const screens = screenIds.slice(0, 4).map((id) => `${url}/s/${id}`);
  return [
    '',
    `  Tidewall 潮屏  ${strong(url)}`,
    `  screens  ${screens.length === 0 ? `none yet; put one into ${config.screens}` : screens.join('  ')}`,
    `  data     ${config.dataDir}${file === undefined ? '' : `   settings  ${file}`}`,
    ...Object.entries(ports).map(([kind, port]) => `  ${kind.padEnd(8)} port ${port}`),
    `  push     curl -d '{"value": 42}' '${url}/api/topics/demo/answer'`,
    ...(setupToken === undefined ? [] : [`  set up   ${strong(setupLink({ url, setupToken }))}  (once, within a day)`]),
    '  Ctrl-C stops it.',
    '',
    '',
  ].join('\n');
}
