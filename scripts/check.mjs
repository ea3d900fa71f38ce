// npm run check [-- name …]: all static checks, or those whose name holds one of the words.
import { fileURLToPath } from 'node:url';
import { CHECKS, runChecks } from './steps/checks.mjs';
import { checkNode, installWhenMissing } from './steps/prepare.mjs';
import { createSay } from './steps/say.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
const words = process.argv.slice(2);
const checks = CHECKS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

if (checks.length === 0) {
  say.problem(`no check is called ${words.join(', ')}; there are: ${CHECKS.map(({ name }) => name).join(' · ')}`);
  process.exitCode = 2;
} else if (checkNode(say) && (await installWhenMissing(root, say))) {
  const failed = await runChecks(root, checks, say);
  if (failed.length > 0) say.problem(`failed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} else {
  process.exitCode = 1;
}
