// npm run packages: writes what others install of the SDK to dist/packages, a folder for each package.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePackages } from './packages/write-packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const folder of await writePackages(root, join(root, 'dist/packages'))) process.stdout.write(`${folder}\n`);
