import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProgram } from './programs.ts';
import { freePort, type StartedProgram, startProgram } from './start-program.ts';
import type { TestCertificate } from './test-authority.ts';

/** A real database server of a test's own, which can die and come back in the same place. */
export interface DatabaseServer {
  readonly port: number;
  /** Of its superuser, `postgres` or `root`. */
  readonly password: string;
  /** What the server's own client answers, as its administrator; columns with tabs between. @throws Error when it fails */
  sql(text: string, database?: string): string;
  /** Everything that it has logged since it was started last. */
  log(): string;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const PASSWORD = 'made-for-tests';
/** Debian's Postgres lives in a folder of its version, on nobody's path. */
const VERSIONS = '/usr/lib/postgresql';
const NOBODY = 65_534;

/** Where the programs of PostgreSQL are; undefined when it is not installed. */
export function findPostgres(): string | undefined {
  try {
    const folders = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a));
    return folders.map((version) => join(VERSIONS, version, 'bin')).find((bin) => isProgram(join(bin, 'postgres')));
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root: then it runs as nobody. */
export function unprivileged(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command;
  return ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', ...command];
}

export interface DatabaseServerOptions {
  /** Of its configuration, as `name=value`. */
  readonly settings?: readonly string[];
  /** What it shows to those who speak TLS. */
  readonly tls?: TestCertificate;
}

/** Starts a PostgreSQL with its superuser `postgres`. */
export async function startPostgres({ settings = [], tls }: DatabaseServerOptions = {}): Promise<DatabaseServer> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-postgres-'));
  const port = await freePort();
  // What runs as nobody makes its own folder in it.
  await chmod(folder, 0o777);
  await initialise(bin, folder);
  const secure = tls === undefined ? [] : await certify(folder, tls);
  let running: StartedProgram | undefined;
  const start = async () => {
    const options = ['fsync=off', 'listen_addresses=127.0.0.1', 'shared_buffers=16MB', ...secure, ...settings];
    running = await startProgram({
      folder,
      port,
      command: () =>
        unprivileged([
          ...[join(bin, 'postgres'), '-D', join(folder, 'data'), '-p', `${port}`, '-k', folder],
          ...options.flatMap((option) => ['-c', option]),
        ]),
    });
    // It takes connections before it lets anybody in.
    while (spawnSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', `${port}`]).status !== 0);
  };
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  await start();
  return {
    port,
    password: PASSWORD,
    sql: (text, database = 'postgres') => {
      const args = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres', '-d', database, '-XqAt', '-F', '\t'];
      const { status, stdout, stderr } = spawnSync(join(bin, 'psql'), [...args, '-v', 'ON_ERROR_STOP=1'], {
        encoding: 'utf8',
        input: text,
        env: { ...process.env, PGPASSWORD: PASSWORD },
      });
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    log: () => running?.output() ?? '',
    kill: () => end('SIGKILL'),
    start,
    close: async () => {
      // At once, whoever is still connected.
      await end('SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function initialise(bin: string, folder: string): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, PASSWORD);
  const [command = '', ...args] = unprivileged([
    ...[join(bin, 'initdb'), '-D', join(folder, 'data'), '-U', 'postgres', '--pwfile', passwordFile],
    ...['--auth=scram-sha-256', '--no-sync', '--no-instructions', '-E', 'UTF8', '--locale=C.UTF-8'],
  ]);
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`);
}

/** PostgreSQL takes a key only from a file of its own user that nobody else may read. */
async function certify(folder: string, { cert, key }: TestCertificate): Promise<readonly string[]> {
  for (const [name, pem] of Object.entries({ cert, key })) {
    await writeFile(join(folder, name), pem, { mode: 0o600 });
    if (process.getuid?.() === 0) await chown(join(folder, name), NOBODY, NOBODY);
  }
  return ['ssl=on', `ssl_cert_file=${join(folder, 'cert')}`, `ssl_key_file=${join(folder, 'key')}`];
}
