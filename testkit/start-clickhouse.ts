import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './programs.ts';
import type { DatabaseServer } from './start-postgres.ts';
import { freePort, type StartedProgram, startProgram } from './start-program.ts';

const PASSWORD = 'made-for-tests';
/** Debian has no client that knows what the server does. */
const ASK = `
  const body = require('node:fs').readFileSync(0, 'utf8');
  fetch(process.argv[1], { method: 'POST', body }).then(async (answer) => {
    process.stdout.write(await answer.text());
    process.exitCode = answer.ok ? 0 : 1;
  });`;

/** A real ClickHouse of a test's own, with the users `default`, `reader` (readonly = 1) and `half` (readonly = 2). */
export async function startClickhouse(): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewall-clickhouse-'));
  const port = await freePort();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'config.xml'), configOf(folder, port));
  await writeFile(join(folder, 'users.xml'), USERS);
  let running: StartedProgram | undefined;
  const start = async () => {
    running = await startProgram({
      folder,
      port,
      command: () => [
        findProgram('clickhouse-server') ?? 'clickhouse-server',
        `--config-file=${join(folder, 'config.xml')}`,
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
    sql: (text) => {
      const url = `http://127.0.0.1:${port}/?user=default&password=${PASSWORD}`;
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', ASK, url], {
        encoding: 'utf8',
        input: text,
      });
      if (status !== 0) throw new Error(`${stdout}${stderr}`);
      return stdout.trim();
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

function configOf(folder: string, port: number): string {
  return `<yandex>
    <logger><level>error</level><console>1</console></logger>
    <http_port>${port}</http_port><listen_host>127.0.0.1</listen_host>
    <path>${folder}/data/</path><tmp_path>${folder}/data/tmp/</tmp_path>
    <user_files_path>${folder}/data/user_files/</user_files_path>
    <users_config>${folder}/users.xml</users_config>
    <default_profile>default</default_profile><default_database>default</default_database>
    <timezone>Asia/Shanghai</timezone>
    <mark_cache_size>5242880</mark_cache_size>
  </yandex>`;
}

const userOf = (name: string, profile: string) => `<${name}>
  <password>${PASSWORD}</password><networks><ip>::/0</ip></networks>
  <profile>${profile}</profile><quota>default</quota>
</${name}>`;

const USERS = `<yandex>
  <profiles>
    <default></default>
    <readonly><readonly>1</readonly></readonly>
    <half><readonly>2</readonly></half>
  </profiles>
  <users>${userOf('default', 'default')}${userOf('reader', 'readonly')}${userOf('half', 'half')}</users>
  <quotas><default></default></quotas>
</yandex>`;
