import { spawnSync } from 'node:child_process';
import { findProgram, freePort, type StartedProgram, startProgram } from '@tidewall/testkit';

/** Whether Debian's Redis is here. */
export const HAS_REDIS = findProgram('redis-server') !== undefined && findProgram('redis-cli') !== undefined;

/** A real Redis for a test, which can die and come back in the same place. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** What the real `redis-cli` answers. */
  cli(...args: string[]): string;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  const start = () =>
    startProgram({ port, command: () => ['redis-server', '--port', `${port}`, '--save', '', ...settings] });
  let running: StartedProgram | undefined = await start();
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    cli: (...args) => {
      const { stdout, stderr } = spawnSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8' });
      return (stdout + stderr).trim();
    },
    kill: () => end('SIGKILL'),
    start: async () => {
      running = await start();
    },
    close: () => end(),
  };
}
