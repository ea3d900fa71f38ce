import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginProduct, PRODUCTS, staleProducts } from './products.mjs';
import { readRooms, roomsBehind } from './rooms.mjs';

const SOURCES = {
  'package.json': '{ "workspaces": ["core/*", "browser/*", "apps/*"] }',
  'package-lock.json': '{}',
  'tsconfig.base.json': '{}',
  'scripts/write-manifest.ts': '',
  'scripts/steps/products.mjs': '',
  'core/base/package.json': '{ "name": "@tidewall/base" }',
  'core/base/index.ts': 'export {};',
  'browser/components/package.json': '{ "name": "@tidewall/components", "dependencies": { "@tidewall/base": "*" } }',
  'browser/components/index.ts': 'export {};',
  'apps/viewer/package.json': '{ "name": "@tidewall/viewer", "dependencies": { "@tidewall/components": "*" } }',
  'apps/viewer/main.ts': 'export {};',
  'apps/tidewall/package.json': '{ "name": "tidewall", "dependencies": { "@tidewall/base": "*", "ws": "8.0.0" } }',
  'apps/tidewall/main.ts': 'export {};',
};

let root: string;
function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
function stale(): string[] {
  return staleProducts(root).map(({ name }) => name);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidewall-products-'));
  for (const [path, text] of Object.entries(SOURCES)) write(path, text);
  for (const product of PRODUCTS) {
    const built = beginProduct(root, product);
    write(product.file, '');
    built();
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a product', () => {
  it('is fresh after it was built', () => expect(stale()).toEqual([]));

  it('is stale after a change in any room behind it, and no other product is', () => {
    write('browser/components/index.ts', 'export const more = 1;');
    expect(stale()).toEqual(['components', 'viewer']);
    write('core/base/index.ts', 'export const more = 1;');
    expect(stale()).toEqual(['components', 'server', 'viewer']);
  });

  it('is stale when a file was only touched, appeared or went', () => {
    utimesSync(join(root, 'apps/viewer/main.ts'), 1, 1);
    write('apps/tidewall/more.ts', '');
    expect(stale()).toEqual(['server', 'viewer']);
  });

  it('is stale when what was built is gone', () => {
    rmSync(join(root, 'apps/tidewall/dist/tidewall.js'));
    expect(stale()).toEqual(['server']);
  });

  it('is stale while it is built, and after a build that failed', () => {
    for (const product of PRODUCTS.filter(({ name }) => name === 'server')) beginProduct(root, product);
    expect(stale()).toEqual(['server']);
  });

  it('is stale when a file changed while it was built', () => {
    for (const product of PRODUCTS.filter(({ name }) => name === 'server')) {
      const built = beginProduct(root, product);
      write('apps/tidewall/main.ts', 'export const late = 1;');
      built();
    }
    expect(stale()).toEqual(['server']);
  });

  it('is not stale after a change of a test', () => {
    write('core/base/index.test.ts', '');
    expect(stale()).toEqual([]);
  });
});

it('the rooms behind a room are those it depends on, and so on', () => {
  expect(roomsBehind(readRooms(root), 'apps/viewer')).toEqual(['apps/viewer', 'browser/components', 'core/base']);
});
