import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../apps/tidewall/bin/tidewall.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../apps/tidewall/dist/tidewall.js', import.meta.url));
const READY_MS = 20_000;

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process of the built program. */
export interface TidewallProcess {
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Its standard input. */
  write(text: string): void;
  endInput(): void;
  kill(signal?: NodeJS.Signals): void;
  readonly ended: Promise<ProcessEnd>;
  /** Resolves when what it has written to standard output holds this; rejects when it ends before. */
  waitFor(text: string): Promise<void>;
}

/** A server as a process of its own, on a port that stays its own when it is started again. */
export interface TidewallServer {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** The process that runs now. */
  readonly process: TidewallProcess;
  /** Ends it as it is told, waits for that, and starts it again on the same port and folder. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

/** Runs the built program, `tidewall <args>`, or one that was installed elsewhere (`bin`), and hands its ends over. */
export function runTidewall(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; bin?: string } = {},
): TidewallProcess {
  const { bin = BIN } = options;
  if (bin === BIN && !existsSync(BUILT)) throw new Error('tidewall is not built: run "npm run build" first');
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env };
  for (const name of Object.keys(env))
    if (name.startsWith('TIDEWALL_') && !(name in (options.env ?? {}))) delete env[name];
  const child = spawn(process.execPath, [bin, ...args], { cwd: options.cwd ?? tmpdir(), env, stdio: 'pipe' });
  return new RunningProcess(child);
}

/** Starts `tidewall serve <args>` in a folder of its own and resolves when it takes work. */
export async function startTidewall(
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<TidewallServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewall-process-'));
  const port = await freePort();
  const start = async () => {
    const running = runTidewall(['serve', '--port', String(port), '--data-dir', dataDir, ...args], {
      cwd: dataDir,
      env,
    });
    await running.waitFor('"msg":"ready"');
    return running;
  };
  let current = await start();
  const stop = async (signal: NodeJS.Signals) => {
    current.kill(signal);
    await current.ended;
  };
  return {
    url: `http://localhost:${port}`,
    port,
    dataDir,
    get process() {
      return current;
    },
    restart: async (signal = 'SIGTERM') => {
      await stop(signal);
      current = await start();
    },
    close: async () => {
      await stop('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

class RunningProcess implements TidewallProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly pid: number;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #isEnded = false;
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    // It may end before it has read what it was given.
    child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#isEnded = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  async waitFor(text: string): Promise<void> {
    const until = performance.now() + READY_MS;
    while (!this.#stdout.includes(text)) {
      if (this.#isEnded || performance.now() > until) {
        throw new Error(`"${text}" did not come; stdout: ${this.#stdout}\nstderr: ${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
