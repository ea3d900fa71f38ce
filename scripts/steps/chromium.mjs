import { delimiter, join } from 'node:path';
import { installDebian, isProgram } from './programs.mjs';
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
  const packages = [];
  if (findChromium(env) === undefined && !env['CHROMIUM']) packages.push('chromium');
  if (!(await hasChineseFont(root))) packages.push('fonts-noto-cjk');
  await installDebian(root, packages, say);
}

/** @param {string} root */
async function hasChineseFont(root) {
  const { code, output } = await run('fc-list', [':lang=zh', 'family'], { cwd: root, capture: true });
  return code === 0 && output.trim() !== '';
}
