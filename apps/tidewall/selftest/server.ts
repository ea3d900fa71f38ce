import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, startHost } from '@tidewall/host';

/** A server of the test's own, in this process, on a free port and with a folder that goes with it. */
export interface TestedServer {
  readonly url: string;
  /** What its log called an error. There should be none. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export async function startTestedServer(version: string): Promise<TestedServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewall-selftest-'));
  const errors: string[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields: object, message: string) =>
      void errors.push(`${message} ${String((fields as { err?: unknown }).err ?? '')}`),
  };
  const config = configSchema.parse({
    port: 0,
    host: '127.0.0.1',
    demo: false,
    dataDir,
    limits: {
      // All clients of a scenario are one program, and no people.
      commandsPerSecond: 1_000_000,
      commandBurst: 1_000_000,
      // Nobody waits ten seconds for a topic to be forgotten.
      lingerMs: 200,
      // Nor for clients that ask no more, of which the time is a part of this.
      deadMs: 30_000,
      // On a machine that is busy with other things, a scenario may stall its clients for longer than it means to.
      noProgressMs: 300_000,
    },
  });
  const screens = join(dataDir, 'screens');
  const loaded = { config: { ...config, screens }, sources: [], file: undefined };
  const remove = () => rm(dataDir, { recursive: true, force: true });
  try {
    const host = await startHost({ loaded, log, version });
    // The server's own timers keep no process alive, and while it closes nothing else does.
    const alive = setInterval(() => {}, 1 << 30);
    return {
      url: host.url,
      errors,
      close: async () => {
        await host.close();
        await remove();
        clearInterval(alive);
      },
    };
  } catch (failure) {
    await remove();
    throw failure;
  }
}
