// node --import tsx scripts/write-manifest.ts <file>: writes what the server knows of the components, as JSON.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ComponentDefinition } from '@tidewall/browser-contracts';
import { manifestRow } from './manifest-row.ts';

const target = process.argv[2];
if (target === undefined) throw new TypeError('name the file to write the manifest to');
const rack = fileURLToPath(new URL('../browser/components', import.meta.url));

const components = [];
for (const folder of readdirSync(rack).sort()) {
  const file = resolve(rack, folder, 'definition.ts');
  if (!existsSync(file)) continue;
  const { definition }: { definition: ComponentDefinition } = await import(pathToFileURL(file).href);
  components.push(manifestRow(definition));
}
if (components.length === 0) throw new Error(`no component defines itself in ${rack}/<type>/definition.ts`);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify({ components }, null, 2)}\n`);
