import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    ssr: 'main.ts',
    outDir: 'dist',
    // The manifest of the components stands there too.
    emptyOutDir: false,
    sourcemap: true,
    minify: false,
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'tidewall.js', codeSplitting: false } },
  },
  // The rooms of the house are TypeScript and go in; packages of npm stay beside it.
  ssr: { target: 'node', noExternal: [/^@tidewall\//] },
});
