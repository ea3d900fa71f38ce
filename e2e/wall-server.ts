import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTidewall, type TidewallServer } from '@tidewall/testkit';

/** The built program in a process of its own, with these settings and screens. */
export async function startWall(
  settings: object,
  screens: readonly { readonly id: string }[] = [],
): Promise<TidewallServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-e2e-'));
  const screenFolder = join(folder, 'screens');
  await mkdir(screenFolder);
  for (const screen of screens) await writeFile(join(screenFolder, `${screen.id}.json`), JSON.stringify(screen));
  const file = join(folder, 'tidewall.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ demo: false, screens: screenFolder, ...settings }));
  const server = await startTidewall(['--config', file]);
  return {
    url: server.url,
    port: server.port,
    dataDir: server.dataDir,
    get process() {
      return server.process;
    },
    restart: (signal) => server.restart(signal),
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Publishes over HTTP, as a back end would. */
export async function push(url: string, topic: string, data: unknown, query = ''): Promise<Response> {
  return fetch(`${url}/api/topics/${topic}${query}`, { method: 'POST', body: JSON.stringify(data) });
}
