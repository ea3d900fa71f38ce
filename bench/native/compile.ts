import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../programs.ts';

const FLAGS = ['-O2', '-std=gnu11', '-Wall', '-Wextra'];
const folder = new URL('./', import.meta.url);
const compiled = new URL('../output/', import.meta.url);

/**
 * The program made of `native/<name>.c`, compiled when a source is new; undefined where nothing can compile it.
 *
 * @throws Error with what the compiler says
 */
export function compileNative(name: 'load' | 'floor'): string | undefined {
  const compiler = findProgram('cc') ?? findProgram('gcc');
  if (compiler === undefined || process.platform !== 'linux') return undefined;
  const source = fileURLToPath(new URL(`${name}.c`, folder));
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const file of readdirSync(folder).sort())
    if (/\.[ch]$/.test(file)) hash.update(readFileSync(new URL(file, folder)));
  const version = hash.digest('hex').slice(0, 16);
  const program = fileURLToPath(new URL(`${name}-${version}`, compiled));
  if (existsSync(program)) return program;
  mkdirSync(compiled, { recursive: true });
  const { status, stderr } = spawnSync(compiler, [...FLAGS, '-o', program, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${source} cannot be compiled:\n${stderr}`);
  return program;
}
