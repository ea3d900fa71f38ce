import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned } from './cores.ts';
import type { Wire } from './wire.ts';

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/** A server under measurement: how to start it, and how to talk to it. */
export interface Contender {
  readonly name: string;
  /** Why it cannot run here, with the cure; undefined when it can. */
  missing(): string | undefined;
  /** Its version, for the record. */
  version(): string;
  /** The program and its arguments; it listens on the ports that it is given. */
  command(place: Place): readonly string[];
  /** A path that answers 200 when it is ready; absent: it is ready when it accepts connections. */
  readonly readyPath?: string;
  /** What it is told once it is ready, before anybody connects. */
  prepare?(server: RunningContender): Promise<void>;
  readonly wire: Wire;
}

/** What a contender is given for one start. */
export interface Place {
  /** Its own, and gone when it has stopped. */
  readonly folder: string;
  /** For WebSocket clients. */
  readonly port: number;
  /** For the publisher, where it has another way in. */
  readonly publisherPort: number;
}

export interface RunningContender {
  /** The process and all those that it has started. */
  readonly pids: readonly number[];
  readonly port: number;
  readonly publisherPort: number;
  stop(): Promise<void>;
}

/**
 * Starts a contender and waits until it is ready.
 *
 * @throws Error with what it has said when it ends, or is not ready in time
 */
export async function startContender(contender: Contender, core: number | undefined): Promise<RunningContender> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewall-bench-'));
  const [port, publisherPort] = await Promise.all([freePort(), freePort()]);
  const [program, ...args] = pinned(core, contender.command({ folder, port, publisherPort }));
  const child = spawn(program as string, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  let said = '';
  const hear = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  // Whoever ends the benchmark early ends its servers too.
  const clean = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clean);
  const stop = async () => {
    await end(child);
    clean();
    process.off('exit', clean);
  };
  const begun = performance.now();
  while (!(await isReady(port, contender.readyPath))) {
    if (child.exitCode !== null || performance.now() - begun > START_TIMEOUT_MS) {
      await stop();
      throw new Error(`${contender.name} did not start: ${said.trim() || 'it said nothing'}`);
    }
    await passing(POLL_MS);
  }
  const server = { pids: familyOf(child.pid as number), port, publisherPort, stop };
  try {
    await contender.prepare?.(server);
    return server;
  } catch (failure) {
    await stop();
    throw failure;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(kill);
}

async function isReady(port: number, path: string | undefined): Promise<boolean> {
  if (path !== undefined) {
    return fetch(`http://127.0.0.1:${port}${path}`).then(
      (response) => response.ok,
      () => false,
    );
  }
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

/** A process and all those that it has started, and they, that run now. */
export function familyOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

/** Each thread has its own children, and programs like those in Go start them in any. */
function childrenOf(pid: number): readonly number[] {
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/children`);
    return lists.flatMap((list) => readFileSync(list, 'utf8').split(' ').filter(Boolean).map(Number));
  } catch {
    // It is gone, or the kernel does not tell.
    return [];
  }
}

export function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
