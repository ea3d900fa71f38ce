import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, defineConfig, type Plugin } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [sandboxWorker()],
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

/**
 * Builds the code of the sandbox's thread beside the server: a thread starts from a file of its own. All that it needs is in
 * it, its engine too.
 */
function sandboxWorker(): Plugin {
  const room = join(import.meta.dirname, '../../server/sandbox');
  return {
    name: 'sandbox-worker',
    apply: 'build',
    async generateBundle() {
      const built = await build({
        configFile: false,
        root: room,
        logLevel: 'warn',
        plugins: [assetsInside(join(room, 'assets.ts'))],
        build: {
          ssr: 'worker.ts',
          write: false,
          minify: false,
          target: 'node20',
          rolldownOptions: { output: { codeSplitting: false } },
        },
        ssr: { target: 'node', noExternal: true },
      });
      const [bundle] = [built].flat();
      const [chunk] = bundle !== undefined && 'output' in bundle ? bundle.output : [];
      if (chunk === undefined) throw new Error('the worker of the sandbox was not built');
      this.emitFile({ type: 'asset', fileName: 'sandbox-worker.mjs', source: chunk.code });
    },
  };
}

/** Puts the files that a module reads into the module. */
function assetsInside(module: string): Plugin {
  const { resolve } = createRequire(module);
  return {
    name: 'assets-inside',
    async load(id) {
      if (id !== module) return undefined;
      const engine = await readFile(resolve('quickjs-wasi/quickjs.wasm'), 'base64');
      const jsonata = await readFile(resolve('jsonata/jsonata.min.js'), 'utf8');
      return `
        export const readEngine = () => new Uint8Array(Buffer.from(${JSON.stringify(engine)}, 'base64'));
        export const readJsonata = () => ${JSON.stringify(jsonata)};
      `;
    },
  };
}
