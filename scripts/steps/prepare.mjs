import { build } from './build.mjs';
import { judgeNode } from './node-version.mjs';
import { install, whyInstall } from './packages.mjs';
import { staleProducts } from './products.mjs';

/**
 * Says whether this Node will do.
 *
 * @param {import('./say.mjs').Say} say
 * @returns {boolean}
 */
export function checkNode(say) {
  const { refusal, hint } = judgeNode(process.versions.node);
  if (refusal !== undefined) say.problem(refusal);
  if (hint !== undefined) say.hint(hint);
  return refusal === undefined;
}

/**
 * Installs the packages when they are missing or not those of the lock file.
 *
 * @param {string} root
 * @param {import('./say.mjs').Say} say
 * @returns {Promise<boolean>} whether they are there now; the reason has been said when not
 */
export async function installWhenMissing(root, say) {
  const why = whyInstall(root);
  if (why === undefined) return true;
  const done = say.step('install', `npm ci, because ${why}`);
  const problem = await install(root);
  done(problem === undefined ? undefined : 'failed');
  if (problem !== undefined) say.problem(problem);
  return problem === undefined;
}

/**
 * Builds what is missing or older than its sources.
 *
 * @param {string} root
 * @param {import('./say.mjs').Say} say
 * @returns {Promise<boolean>} whether all is built now; the reason has been said when not
 */
export function buildWhenStale(root, say) {
  return build(root, staleProducts(root), say);
}
