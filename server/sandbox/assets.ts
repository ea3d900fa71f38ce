import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The build puts the files themselves in the place of this one, so that the worker of the product needs nothing beside it.

/** The engine, as WebAssembly. */
export function readEngine(): Uint8Array {
  return new Uint8Array(readFileSync(fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))));
}

/** JSONata as one program without modules. */
export function readJsonata(): string {
  return readFileSync(fileURLToPath(import.meta.resolve('jsonata/jsonata.min.js')), 'utf8');
}
