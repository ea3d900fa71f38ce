// npm run bench [-- name [arguments …]]: lists the benchmarks, or runs bench/<name>.bench.ts.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildWhenStale, checkNode, installWhenMissing } from './steps/prepare.mjs';
import { run } from './steps/run.mjs';
import { createSay } from './steps/say.mjs';

const SUFFIX = '.bench.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
const [name, ...args] = process.argv.slice(2);
const folder = `${root}bench`;
const names = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

if (name === undefined) {
  say.line(names.length === 0 ? 'there are no benchmarks' : `npm run bench -- <name>, one of: ${names.join(', ')}`);
} else if (!names.includes(name)) {
  say.problem(`no benchmark is called ${name}; there are: ${names.join(', ')}`);
  process.exitCode = 2;
} else if (checkNode(say) && (await installWhenMissing(root, say)) && (await buildWhenStale(root, say))) {
  const command = ['--import', 'tsx', `bench/${name}${SUFFIX}`, ...args];
  process.exitCode = (await run(process.execPath, command, { cwd: root })).code;
} else {
  process.exitCode = 1;
}
