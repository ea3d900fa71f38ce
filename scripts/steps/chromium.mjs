import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/**
 * The browser for the end-to-end tests: what `CHROMIUM` names, else one that is installed.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {string | undefined} its path
 */
export function findChromium(env) {
  const named = env['CHROMIUM'];
  if (named) return isProgram(named) ? named : undefined;
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const places = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...places, ...ELSEWHERE].find(isProgram);
}

/**
 * Installs a browser and fonts for Chinese with apt-get where that is possible without asking anybody: as root, on a
 * system that has it. Elsewhere it does nothing.
 *
 * @param {string} root
 * @param {Record<string, string | undefined>} env
 * @param {import('./say.mjs').Say} say
 */
export async function installChromiumWhenMissing(root, env, say) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const packages = [];
  if (findChromium(env) === undefined && !env['CHROMIUM']) packages.push('chromium');
  if (!(await hasChineseFont(root))) packages.push('fonts-noto-cjk');
  if (packages.length === 0) return;
  const done = say.step('install', `${packages.join(' ')} with apt-get`);
  const options = { cwd: root, capture: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-q'], options);
  const { code, output } = await run(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', ...packages],
    options,
  );
  done(code === 0 ? undefined : 'failed');
  if (code !== 0) say.hint(output.trim().split('\n').slice(-5).join('\n'));
}

/** @param {string} root */
async function hasChineseFont(root) {
  const { code, output } = await run('fc-list', [':lang=zh', 'family'], { cwd: root, capture: true });
  return code === 0 && output.trim() !== '';
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
