import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, JsonObject } from '@tidewall/base';
import type { HubPort, Log } from '@tidewall/contracts';
import { silentLog } from './silent-operations.ts';

export interface TestHostOptions {
  /** Settings as a configuration file has them; the port is free, the demo is off and topics live in memory unless they say otherwise. */
  readonly settings?: JsonObject;
  readonly webDir?: string;
  readonly demoScreens?: string;
  readonly demoFile?: string;
  readonly manifestFile?: string;
  readonly log?: Log;
  readonly clock?: Clock;
}

export interface TestHost {
  /** `http://localhost:40123` */
  readonly url: string;
  readonly port: number;
  /** Ports that a gateway has to itself, by its kind. */
  readonly ports: Readonly<Record<string, number>>;
  /** The hub behind it, in this process. */
  readonly hub: HubPort;
  /** A folder of its own, gone after `close`; put screens into `screens/` in it. */
  readonly dataDir: string;
  readonly screenIds: readonly string[];
  close(): Promise<void>;
}

/** A whole server in this process, on a free port of this machine and with a data folder of its own. */
export async function startTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const { settings = {}, webDir, demoScreens, demoFile, manifestFile, log = silentLog, clock } = options;
  // Loaded when it is asked for: most tests take only a clock from this room.
  const { loadConfig, startHost } = await import('@tidewall/host');
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-test-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'tidewall.yaml');
    await writeFile(file, JSON.stringify({ port: 0, demo: false, dataDir: '.', broker: 'memory', ...settings }));
    const flags = { config: { flag: '--config', value: file } };
    const loaded = await loadConfig({ flags, env: {}, folder, demoFile });
    const host = await startHost({
      loaded,
      log,
      version: '0.0.0-test',
      webDir,
      demoScreens,
      manifestFile,
      ...(clock && { clock }),
    });
    return {
      url: host.url,
      port: host.port,
      ports: host.ports,
      hub: host.hub,
      dataDir: folder,
      screenIds: host.screenIds,
      close: async () => {
        await host.close();
        await remove();
      },
    };
  } catch (failure) {
    await remove();
    throw failure;
  }
}
