import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const TEXT = /\.(js|css|html|svg)$/;
/** Below this a compressed answer saves no packet. */
const SMALLEST_BYTES = 1024;

export default defineConfig({
  root: import.meta.dirname,
  // Screens live at /s/<id>, so that assets are asked for from the root.
  base: '/',
  plugins: [compressAssets()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    // The browsers of television sets and wall players lag some years behind.
    target: 'es2022',
    // A policy that forbids data: addresses holds for all of it.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The polyfill watches the whole document for as long as the page lives, for browsers that only load a little later.
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { chunkFileNames: ({ facadeModuleId, name }) => chunkName(facadeModuleId, name) } },
  },
});

/** A chunk that is a component's is called by it, since each of them has a `mount.ts`. */
function chunkName(module: string | null, name: string): string {
  const component = module?.match(/\/browser\/components\/([A-Z]\w*)\//)?.[1];
  return `assets/${component === undefined ? '' : `${component}-`}${name}-[hash].js`;
}

/** Writes `.br` and `.gz` beside every text file of a build, so that the server sends them without compressing. */
function compressAssets(): Plugin {
  return {
    name: 'compress-assets',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      await Promise.all(
        Object.keys(bundle)
          .filter((name) => TEXT.test(name))
          .map((name) => compress(join(dir, name))),
      );
    },
  };
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < SMALLEST_BYTES) return;
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((small) => writeFile(`${file}.br`, small)),
    promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }).then((small) => writeFile(`${file}.gz`, small)),
  ]);
}
