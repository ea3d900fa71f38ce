// npm run check -- lengths: no source file has grown past what one can hold in mind.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sourceFiles } from './layers/source-files.ts';

/** 50–250 lines is natural; past this a file does more than one thing, tests included. */
const MAX_LINES = 450;

const root = fileURLToPath(new URL('..', import.meta.url));
const tooLong = sourceFiles(root)
  .map((file) => ({ file, lines: readFileSync(`${root}${file}`, 'utf8').split('\n').length - 1 }))
  .filter(({ lines }) => lines > MAX_LINES);

for (const { file, lines } of tooLong)
  console.error(`${file}: ${lines} lines, at most ${MAX_LINES}: split it by what it does`);
process.exitCode = tooLong.length === 0 ? 0 : 1;
