import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'vite';
import { Declarations } from './declarations.ts';
import { type InstalledPackage, installedPackages } from './packages.ts';

/** The package that the others are made for. */
const CLIENT = '@tidewall/client';

/**
 * Writes what others install of the SDK, a folder for each package: modules of JavaScript, their declarations and a manifest.
 * What it takes of the house's other rooms is in it; it depends on nothing but its peers.
 *
 * @param target each package gets a folder in it, which is emptied first
 * @returns their folders
 */
export async function writePackages(root: string, target: string): Promise<string[]> {
  const packages = installedPackages(root);
  const declarations = new Declarations(
    root,
    packages.flatMap(({ entries }) => Object.values(entries)),
  );
  const folders: string[] = [];
  for (const made of packages) {
    const folder = join(target, made.name.replace('@tidewall/', ''));
    folders.push(folder);
    await writePackage(root, made, declarations, folder);
  }
  return folders;
}

async function writePackage(
  root: string,
  made: InstalledPackage,
  declarations: Declarations,
  folder: string,
): Promise<void> {
  const { name, description, room, entries } = made;
  const { version, license } = JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8'));
  const isClient = name === CLIENT;
  const peers = isClient ? made.peers : { [CLIENT]: version, ...made.peers };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });

  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: Object.fromEntries(
          Object.entries(entries).map(([subpath, file]) => [moduleOf(subpath), join(root, file)]),
        ),
        external: (id) => Object.keys(peers).some((peer) => id === peer || id.startsWith(`${peer}/`)),
        preserveEntrySignatures: 'strict',
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'shared/[name].js' },
      },
    },
  });

  const beside = isClient ? [] : [CLIENT, `${CLIENT}/shared`, `${CLIENT}/stores`];
  for (const [file, text] of declarations.of(Object.values(entries), beside)) write(join(folder, 'types', file), text);

  const manifest = {
    name,
    version,
    description,
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19.0' },
    exports: Object.fromEntries(
      Object.entries(entries).map(([subpath, file]) => [
        subpath,
        { types: `./types/${file.replace(/\.ts$/, '.d.ts')}`, default: `./${moduleOf(subpath)}.js` },
      ]),
    ),
    ...(Object.keys(peers).length > 0 ? { peerDependencies: peers } : {}),
  };
  write(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  write(
    join(folder, 'README.md'),
    `# ${name}\n\n${description}\n\nThe guide is docs/guide/sdk.md of the repository.\n`,
  );
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

/** `index` for `.`, `updates` for `./updates`. */
function moduleOf(subpath: string): string {
  return subpath === '.' ? 'index' : subpath.slice('./'.length);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
