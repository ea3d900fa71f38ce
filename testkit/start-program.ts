import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Somebody else's program, started for a test. */
export interface StartedProgram {
  readonly pid: number;
  readonly port: number;
  /** A folder of its own, which goes with it. */
  readonly folder: string;
  /** Everything that it has written so far. */
  output(): string;
  /** Ends it; resolves when it is gone. Stopping twice is stopping once. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ProgramOptions {
  /** The whole command, of a free port and a temporary folder. */
  command(place: { readonly port: number; readonly folder: string }): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it runs in, and the port: to start it again in the same place. */
  readonly folder?: string;
  readonly port?: number;
}

const START_MS = 30_000;
const LOOK_MS = 20;

/** Starts a server and resolves when its port takes connections. */
export async function startProgram(options: ProgramOptions): Promise<StartedProgram> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tidewall-program-')));
  const port = options.port ?? (await freePort());
  const [command = '', ...args] = options.command({ port, folder });
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      output += String(error);
      resolve();
    });
  });
  let ended = false;
  void gone.then(() => (ended = true));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (!ended) child.kill(signal);
    await gone;
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  const until = performance.now() + START_MS;
  while (!(await takesConnections(port))) {
    if (ended || performance.now() > until) {
      await stop('SIGKILL');
      throw new Error(`${command} does not listen on port ${port}; it said:\n${output}`);
    }
    await pause(LOOK_MS);
  }
  return { pid: child.pid ?? 0, port, folder, output: () => output, stop };
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
