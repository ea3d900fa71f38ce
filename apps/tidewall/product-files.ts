import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files that come with the program, found from where it runs; what has not been built is undefined. */
export interface ProductFiles {
  readonly webDir: string | undefined;
  readonly manifestFile: string | undefined;
  readonly demoFile: string | undefined;
  readonly demoScreens: string | undefined;
}

/** @param moduleUrl of the program's entry: `dist/tidewall.js` once built, `main.ts` while developing */
export function findProductFiles(moduleUrl: string): ProductFiles {
  const folder = dirname(fileURLToPath(moduleUrl));
  const home = basename(folder) === 'dist' ? dirname(folder) : folder;
  const pages = [join(home, 'dist', 'web'), join(home, '..', 'viewer', 'dist')];
  return {
    webDir: pages.find((candidate) => existsSync(join(candidate, 'index.html'))),
    manifestFile: existing(join(home, 'dist', 'components.json')),
    demoFile: existing(join(home, 'demo', 'tidewall.yaml')),
    demoScreens: existing(join(home, 'demo', 'screens')),
  };
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
