import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { whyNotWritable } from './packages.mjs';
import { beginProduct } from './products.mjs';
import { run } from './run.mjs';

/**
 * Builds products one after the other, a line each.
 *
 * @param {string} root
 * @param {readonly import('./products.mjs').Product[]} products
 * @param {import('./say.mjs').Say} say
 * @returns {Promise<boolean>} whether all were built; the reason has been said when not
 */
export async function build(root, products, say) {
  if (products.length === 0) return true;
  const refused = whyNotWritable(root);
  if (refused !== undefined) {
    say.problem(refused);
    return false;
  }
  for (const product of products) {
    mkdirSync(join(root, product.file, '..'), { recursive: true });
    const built = beginProduct(root, product);
    const done = say.step('build', product.name);
    // A build for production whatever the caller's shell says: it decides which half of the libraries is taken.
    const options = { cwd: root, capture: true, env: { NODE_ENV: 'production' } };
    const { code, output } = await run(process.execPath, product.command, options);
    done(code === 0 ? undefined : 'failed');
    if (code !== 0) {
      say.problem(output.trim());
      return false;
    }
    built();
  }
  return true;
}
