import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './programs.ts';
import type { DatabaseServer, DatabaseServerOptions } from './start-postgres.ts';
import { freePort, type StartedProgram, startProgram } from './start-program.ts';

const PASSWORD = 'made-for-tests';
const SMALL = ['innodb_buffer_pool_size=16M', 'innodb_log_file_size=4M', 'innodb_flush_log_at_trx_commit=0'];

/** Starts a MariaDB with its superuser `root`, who comes from this machine alone. */
export async function startMariadb({ settings = [], tls }: DatabaseServerOptions = {}): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-mariadb-'));
  const port = await freePort();
  const data = join(folder, 'data');
  // Nobody runs as root who is not root already.
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const options = [`--datadir=${data}`, ...[...SMALL, ...settings].map((setting) => `--${setting}`), ...user];
  run('mariadb-install-db', [
    '--no-defaults',
    ...options,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const init = join(folder, 'init.sql');
  await writeFile(init, `ALTER USER root@localhost IDENTIFIED BY '${PASSWORD}';\n`);
  const secure: string[] = [];
  for (const [name, pem] of Object.entries(tls ?? {})) {
    await writeFile(join(folder, name), pem);
    secure.push(`--ssl-${name}=${join(folder, name)}`);
  }
  let running: StartedProgram | undefined;
  const start = async () => {
    running = await startProgram({
      folder,
      port,
      command: () => [
        findProgram('mariadbd') ?? 'mariadbd',
        ...['--no-defaults', ...options, `--port=${port}`, '--bind-address=127.0.0.1'],
        ...[`--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`, `--init-file=${init}`],
        ...secure,
      ],
    });
  };
  const end = async (signal?: NodeJS.Signals) => {
    await running?.stop(signal);
    running = undefined;
  };
  await start();
  return {
    port,
    password: PASSWORD,
    sql: (text, database = '') => {
      const place = ['--no-defaults', `--socket=${join(folder, 'socket')}`, '-uroot', `-p${PASSWORD}`];
      return run('mariadb', [...place, '-N', '-B', ...(database === '' ? [] : [database])], text).trim();
    },
    log: () => running?.output() ?? '',
    kill: () => end('SIGKILL'),
    start,
    close: async () => {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(findProgram(program) ?? program, args, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(`${program} failed:\n${stdout}${stderr}`);
  return stdout;
}
