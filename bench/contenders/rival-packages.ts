import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The version of a package that a rival's server loads; undefined when it is not installed. */
export function rivalVersion(name: string): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string }).version;
    } catch {
      // Not in this folder; the next one up may have it.
    }
  }
  return undefined;
}

/** A sentence when the package is not there. */
export function notInstalled(name: string): string | undefined {
  return rivalVersion(name) === undefined ? `the package ${name} is not installed: npm ci in bench/` : undefined;
}
