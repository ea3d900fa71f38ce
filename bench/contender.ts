import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server under measurement: how to start it, and what a subscriber and a publisher say to it. */
export interface Contender {
  readonly name: string;
  /**
   * The program and its arguments; it prints a line with `http://…:<port>` when it is ready.
   *
   * @param folder is its own, and gone when it has stopped
   */
  command(folder: string): readonly string[];
  readonly path: string;
  /** Text frames that a subscriber sends after the handshake. */
  readonly subscribe: readonly string[];
  /** Text frames that the publisher sends after the handshake. */
  readonly greet: readonly string[];
  /** The frame that publishes the `n`-th payload. */
  publish(n: number, payload: string): string;
}

export interface RunningContender {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a contender's process and waits until it says where it listens. */
export async function startContender(contender: Contender): Promise<RunningContender> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-bench-'));
  const [program, ...args] = contender.command(folder);
  const child = spawn(program as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await readPort(child, contender.name);
  child.stdout?.resume();
  return {
    pid: child.pid as number,
    port,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function readPort(child: ChildProcess, name: string): Promise<number> {
  if (!child.stdout) throw new Error(`${name}: no output`);
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const port = /https?:\/\/[^\s:]+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`${name} ended before it listened`);
}
