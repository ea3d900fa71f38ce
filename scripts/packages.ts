// npm run packages: writes what others install to dist/packages, a folder for each package: the SDK and the program.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePackages } from './packages/write-packages.ts';
import { writeProgram } from './packages/write-program.ts';
import { buildWhenStale } from './steps/prepare.mjs';
import { createSay } from './steps/say.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/packages');
if (await buildWhenStale(root, createSay())) {
  const program = join(target, 'tidewall');
  writeProgram(root, program);
  for (const folder of [...(await writePackages(root, target)), program]) process.stdout.write(`${folder}\n`);
} else {
  process.exitCode = 1;
}
