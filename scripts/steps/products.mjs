import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readRooms, roomsBehind } from './rooms.mjs';

/**
 * @typedef {object} Product something that is built from the sources
 * @property {string} name
 * @property {string} room whose sources, with those of the rooms behind it, decide whether it is stale
 * @property {string} file that exists when it has been built
 * @property {readonly string[]} command arguments for `node`
 */

const VITE = 'node_modules/vite/bin/vite.js';

/** @type {readonly Product[]} */
export const PRODUCTS = [
  {
    name: 'components',
    room: 'browser/components',
    file: 'apps/tidewall/dist/components.json',
    command: ['--import', 'tsx', 'scripts/write-manifest.ts', 'apps/tidewall/dist/components.json'],
  },
  {
    name: 'server',
    room: 'apps/tidewall',
    file: 'apps/tidewall/dist/tidewall.js',
    command: [VITE, 'build', 'apps/tidewall', '--logLevel', 'warn'],
  },
  {
    name: 'viewer',
    room: 'apps/viewer',
    file: 'apps/viewer/dist/index.html',
    command: [VITE, 'build', 'apps/viewer', '--logLevel', 'warn'],
  },
];

/** Never part of what is built. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'demo', 'vectors']);
const TEST_FILE = /\.(test|contract|e2e|browser|bench)\.ts$/;
const SHARED_FILES = [
  'package-lock.json',
  'tsconfig.base.json',
  'scripts/write-manifest.ts',
  'scripts/steps/products.mjs',
];

/**
 * The products whose sources changed since they were built, or that were never built.
 *
 * @param {string} root
 * @returns {Product[]}
 */
export function staleProducts(root) {
  return PRODUCTS.filter((product) => {
    const stamp = stampFile(root, product);
    return !(
      existsSync(join(root, product.file)) &&
      existsSync(stamp) &&
      readFileSync(stamp, 'utf8') === fingerprint(root, product)
    );
  });
}

/**
 * Remembers the sources that a product is about to be built from; call the returned function once it has been built.
 * Taken before the build, so that a change made meanwhile leaves it stale.
 *
 * @param {string} root
 * @param {Product} product
 * @returns {() => void}
 */
export function beginProduct(root, product) {
  const print = fingerprint(root, product);
  const stamp = stampFile(root, product);
  rmSync(stamp, { force: true });
  return () => {
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, print);
  };
}

/**
 * Changes whenever a source file of the product appears, goes, or is written to.
 *
 * @param {string} root
 * @param {Product} product
 */
function fingerprint(root, product) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  /** @param {string} dir */
  const walk = (dir) => {
    const entries = readdirSync(join(root, dir), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${dir}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) walk(path);
      } else if (!TEST_FILE.test(entry.name)) add(path);
    }
  };
  for (const dir of roomsBehind(readRooms(root), product.room)) walk(dir);
  for (const file of SHARED_FILES) add(file);
  return hash.digest('hex');
}

/** @param {string} root @param {Product} product */
function stampFile(root, product) {
  return join(root, '.build', `${product.name}.stamp`);
}
