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
  },
});
