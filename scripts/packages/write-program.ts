import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRooms, roomsBehind } from '../steps/rooms.mjs';
import { packagesOfBundle } from './packages-of-bundle.ts';

/** The room that the program is built of. */
const ROOM = 'apps/tidewall';
/** What is built of code, and may import packages. */
const BUNDLES = ['tidewall.js', 'sandbox-worker.mjs'];

/** The packages that a program has beside it, in the versions that the house is tested with. */
export interface ProgramDependencies {
  readonly dependencies: Readonly<Record<string, string>>;
  /** What it does with something else, or says that it is missing. */
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/**
 * Writes the program `tidewall` as a package to install, its pages and its demo with it. Its manifest names exactly the packages
 * that what was built imports.
 *
 * @param folder emptied first
 * @throws Error when something has not been built, or imports a package that no room behind it declares
 */
export function writeProgram(root: string, folder: string): void {
  const home = join(root, ROOM);
  const { name, version, description, type, license, bin, engines } = readManifest(home);
  const bundles = BUNDLES.map((file) => readFileSync(join(home, 'dist', file), 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'dist'), { recursive: true });
  for (const file of [...BUNDLES, 'components.json'])
    copyFileSync(join(home, 'dist', file), join(folder, 'dist', file));
  for (const part of ['bin', 'demo']) cpSync(join(home, part), join(folder, part), { recursive: true });
  chmodSync(join(folder, 'bin/tidewall.mjs'), 0o755);
  const pages = join(root, 'apps/viewer/dist');
  if (!existsSync(join(pages, 'index.html'))) throw new Error(`${pages} holds no pages: run npm run build first`);
  cpSync(pages, join(folder, 'dist/web'), { recursive: true, filter: (path) => !path.endsWith('.map') });

  const manifest = { name, version, description, license, type, bin, engines, ...dependenciesOf(root, bundles) };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(folder, 'README.md'),
    `# ${name}\n\n${description}\n\n\`npx tidewall\` serves on http://localhost:7070; \`npx tidewall --help\` says what else there is.\n`,
  );
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

/**
 * The packages that these modules import, as the rooms behind the program declare them.
 *
 * @throws Error for one that none declares
 */
export function dependenciesOf(root: string, bundles: readonly string[]): ProgramDependencies {
  const made = { dependencies: {} as Record<string, string>, optionalDependencies: {} as Record<string, string> };
  const manifests = roomsBehind(readRooms(root), ROOM).map((dir) => readManifest(join(root, dir)));
  for (const name of [...new Set(bundles.flatMap(packagesOfBundle))].sort()) {
    const isNeeded = manifests.find(({ dependencies }) => dependencies?.[name] !== undefined);
    const mayMiss = manifests.find(({ optionalDependencies }) => optionalDependencies?.[name] !== undefined);
    const version = isNeeded?.dependencies?.[name] ?? mayMiss?.optionalDependencies?.[name];
    if (version === undefined) throw new Error(`${name} is imported by the built program, and declared by no room`);
    made[isNeeded ? 'dependencies' : 'optionalDependencies'][name] = version;
  }
  return made;
}

interface Manifest extends Partial<ProgramDependencies> {
  readonly [field: string]: unknown;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
