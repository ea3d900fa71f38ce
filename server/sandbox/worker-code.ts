/** What a worker thread is started with: a file, or the text of a program. */
export type WorkerCode = { readonly file: URL } | { readonly text: string };

/** The code of the worker: beside the bundle in the product, beside this file in the sources. */
export function workerCode(): WorkerCode {
  if (!import.meta.url.endsWith('.ts')) return { file: new URL('./sandbox-worker.mjs', import.meta.url) };
  // Node 20 reads no TypeScript, and whoever reads it for this thread does so for this thread alone.
  const { href } = new URL('./worker.ts', import.meta.url);
  return { text: `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(href)})));` };
}
