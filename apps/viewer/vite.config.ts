import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Screens live at /s/<id>, so that assets are asked for from the root.
  base: '/',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    // The browsers of television sets and wall players lag some years behind.
    target: 'es2022',
    // A policy that forbids data: addresses holds for all of it.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: { output: { chunkFileNames: ({ facadeModuleId, name }) => chunkName(facadeModuleId, name) } },
  },
});

/** A chunk that is a component's is called by it, since each of them has a `mount.ts`. */
function chunkName(module: string | null, name: string): string {
  const component = module?.match(/\/browser\/components\/([A-Z]\w*)\//)?.[1];
  return `assets/${component === undefined ? '' : `${component}-`}${name}-[hash].js`;
}
