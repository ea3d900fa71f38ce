import { existsSync } from 'node:fs';
import { installWhenMissing } from './prepare.mjs';
import { run } from './run.mjs';

/** What Debian has of the servers that the benchmarks measure Tidewall beside, and the compiler for floor and load. */
const DEBIAN_PACKAGES = [
  ...['gcc', 'libc6-dev', 'nginx', 'libnginx-mod-nchan', 'nats-server', 'mosquitto'],
  ...['influxdb', 'prometheus', 'websocketd'],
];

/**
 * Installs the rivals' packages of npm into `bench/node_modules` when they are missing. They are no dependencies of the
 * house: without them the benchmarks run, and name who is not there.
 *
 * @param {string} root
 * @param {import('./say.mjs').Say} say
 */
export async function installRivalPackages(root, say) {
  const there = await installWhenMissing(`${root}bench`, say);
  if (!there) say.hint('Without these packages some rivals are left out.');
}

/**
 * Installs the rivals that Debian packages, with apt-get; only where that is possible without asking anybody.
 *
 * @param {string} root
 * @param {import('./say.mjs').Say} say
 * @returns {Promise<boolean>} whether they are there now; the reason has been said when not
 */
export async function installRivalServers(root, say) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say.problem(`--install needs root and apt-get. Install by hand: ${DEBIAN_PACKAGES.join(' ')}`);
    return false;
  }
  const done = say.step('install', `${DEBIAN_PACKAGES.join(' ')} with apt-get`);
  const options = { cwd: root, capture: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-q'], options);
  const { code, output } = await run(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', ...DEBIAN_PACKAGES],
    options,
  );
  done(code === 0 ? undefined : 'failed');
  if (code !== 0) say.problem(output.trim().split('\n').slice(-5).join('\n'));
  return code === 0;
}
