import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const MAX_REASON_LINES = 20;

/**
 * Why the packages must be installed, for a reader; undefined when what is there is what the lock file asks for.
 *
 * @param {string} root
 * @returns {string | undefined}
 */
export function whyInstall(root) {
  const lock = join(root, 'package-lock.json');
  // npm writes this file last, so that it is absent after an install that was cut short.
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'no packages are installed yet';
  const stamp = readStamp(root);
  if (stamp === stampOf(root)) return undefined;
  const [, platform] = stamp?.split(' ') ?? [];
  if (platform !== undefined && platform !== platformOf()) return `the packages are for ${platform}`;
  // Installed by hand since the lock file changed.
  if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return undefined;
  return 'package-lock.json has changed';
}

/**
 * Installs what the lock file asks for, build tools included.
 *
 * @param {string} root
 * @returns {Promise<string | undefined>} what went wrong and what to do about it
 */
export async function install(root) {
  const refused = whyNotWritable(root);
  if (refused !== undefined) return refused;
  // Started by npm, the same npm is used: another one may come first on the path.
  const own = process.env['npm_execpath'];
  const [command, first] = own?.endsWith('npm-cli.js') ? [process.execPath, [own]] : ['npm', []];
  const args = [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output, missing } = await run(command, args, { cwd: root, capture: true });
  if (code === 0) {
    markInstalled(root);
    return undefined;
  }
  if (missing) return 'npm was not found. It comes with Node: install Node 24 from https://nodejs.org, then try again.';
  // The reason stands first; what follows is how npm is used.
  const reason = output.trim().split('\n').slice(0, MAX_REASON_LINES).join('\n');
  return `npm ci failed with exit code ${code}:\n${reason}\n\n${adviceFor(output)}`;
}

/**
 * Remembers that the packages are those of the lock file.
 *
 * @param {string} root
 */
export function markInstalled(root) {
  writeFileSync(join(root, 'node_modules', '.tidewall-installed'), stampOf(root));
}

/**
 * Why nothing can be written to the folder, and what to do; undefined when it can.
 *
 * @param {string} root
 * @returns {string | undefined}
 */
export function whyNotWritable(root) {
  try {
    accessSync(root, constants.W_OK);
    return undefined;
  } catch {
    return `${root} cannot be written to, and something must be installed or built there. Change its owner or rights, or copy it to a folder of yours and start there.`;
  }
}

/** @param {string} output of npm */
function adviceFor(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    return 'The package registry cannot be reached. Check the network and "npm config get proxy"; with a mirror: npm config set registry <address>. Then try again.';
  }
  if (/EACCES|EPERM|EROFS/.test(output)) return 'A file or folder cannot be written. Check who owns node_modules.';
  if (/ENOSPC/.test(output)) return 'The disk is full; about 300 MB are needed.';
  if (/EINTEGRITY/.test(output)) return 'A downloaded package is damaged. Run "npm cache clean --force" and try again.';
  if (/EUSAGE/.test(output)) return 'package-lock.json is not that of package.json. Take both from the same commit.';
  return 'Run "npm ci" by hand to see all that it says.';
}

/** @param {string} root */
function stampOf(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${platformOf()}`;
}

/** @param {string} root */
function readStamp(root) {
  const file = join(root, 'node_modules', '.tidewall-installed');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function platformOf() {
  return `${process.platform}-${process.arch}`;
}
