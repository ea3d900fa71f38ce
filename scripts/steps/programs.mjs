import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

/**
 * The software of other people that tests start, with the Debian package that has it: programs by name, modules of
 * Debian's Python as `python3:<module>`.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const PROGRAMS = {
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  websocketd: 'websocketd',
  influxd: 'influxdb',
  mosquitto: 'mosquitto',
  mosquitto_pub: 'mosquitto-clients',
  'nats-server': 'nats-server',
  kcat: 'kcat',
  openssl: 'openssl',
  prometheus: 'prometheus',
  // Its server is in a folder of its version.
  pg_ctlcluster: 'postgresql',
  mariadbd: 'mariadb-server',
  'clickhouse-server': 'clickhouse-server',
  'python3:flask_socketio': 'python3-flask-socketio',
  'python3:websockets': 'python3-websockets',
  'python3:socketio': 'python3-socketio',
  // What its client needs for polling and for WebSocket.
  'python3:requests': 'python3-requests',
  'python3:websocket': 'python3-websocket',
};

/** Where Debian puts servers, which is on the path of root alone. */
const SERVERS = '/usr/sbin';

/** Debian's own, whatever else is first on the path: its packages install their modules for this one. */
const PYTHON = '/usr/bin/python3';

/**
 * The programs and modules that are not there.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<string[]>}
 */
export async function missingPrograms(env) {
  const missing = [];
  for (const name of Object.keys(PROGRAMS)) if (!(await isThere(name, env))) missing.push(name);
  return missing;
}

/**
 * Installs packages with apt-get where that is possible without asking anybody: as root, on a system that has it.
 * Elsewhere it does nothing.
 *
 * @param {string} root
 * @param {readonly string[]} packages
 * @param {import('./say.mjs').Say} say
 */
export async function installDebian(root, packages, say) {
  if (packages.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const done = say.step('install', `${packages.join(' ')} with apt-get`);
  const options = { cwd: root, capture: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-q'], options);
  const args = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const { code, output } = await run('apt-get', args, options);
  done(code === 0 ? undefined : 'failed');
  if (code !== 0) say.hint(output.trim().split('\n').slice(-5).join('\n'));
}

/**
 * Installs the software that tests start and that is missing. What is missing after that is returned.
 *
 * @param {string} root
 * @param {Record<string, string | undefined>} env
 * @param {import('./say.mjs').Say} say
 * @returns {Promise<string[]>}
 */
export async function installProgramsWhenMissing(root, env, say) {
  const missing = await missingPrograms(env);
  if (missing.length === 0) return [];
  const packages = new Set(missing.map((name) => PROGRAMS[name] ?? name));
  await installDebian(root, [...packages], say);
  return missingPrograms(env);
}

/**
 * @param {string} name
 * @param {Record<string, string | undefined>} env
 */
async function isThere(name, env) {
  const [program, module] = name.split(':');
  if (module === undefined) {
    const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), SERVERS];
    return folders.some((folder) => isProgram(join(folder, program ?? '')));
  }
  if (!isProgram(PYTHON)) return false;
  return (await run(PYTHON, ['-c', `import ${module}`], { cwd: '/', capture: true })).code === 0;
}

/** @param {string} path */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
