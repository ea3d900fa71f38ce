// npm run check -- lengths: no source file has grown past what one can hold in mind.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDevelopment } from './layers/house.ts';
import { sourceFiles } from './layers/source-files.ts';

/** 50–250 lines is natural; past this a file does more than one thing. */
const MAX_LINES = 450;
/** Rules one after the other are read one at a time. */
const MAX_TEST_LINES = 800;

const root = fileURLToPath(new URL('..', import.meta.url));
for (const file of sourceFiles(root)) {
  const lines = readFileSync(`${root}${file}`, 'utf8').split('\n').length - 1;
  const most = isDevelopment(file) ? MAX_TEST_LINES : MAX_LINES;
  if (lines <= most) continue;
  console.error(`${file}: ${lines} lines, at most ${most}: split it by what it does`);
  process.exitCode = 1;
}
