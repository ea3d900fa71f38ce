// npm run bench [-- name | all | chart | --install [arguments …]]: lists the benchmarks, runs bench/<name>.bench.ts or
// all of them, draws what bench/results/ holds into the docs, or installs the servers to measure beside.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildWhenStale, checkNode, installWhenMissing } from './steps/prepare.mjs';
import { installRivalPackages, installRivalServers } from './steps/rivals.mjs';
import { run } from './steps/run.mjs';
import { createSay } from './steps/say.mjs';

const SUFFIX = '.bench.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
const [name, ...args] = process.argv.slice(2);
const names = readdirSync(`${root}bench`)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

process.exitCode = await main();

/** @returns {Promise<number>} the exit code */
async function main() {
  if (name === undefined) {
    say.line(`npm run bench -- <name> [--quick] [--save], one of: ${names.join(', ')}`);
    say.line('npm run bench -- all       all of them, one after the other');
    say.line('npm run bench -- chart     draws the newest results into docs/guide/performance.md');
    say.line('npm run bench -- --install installs the servers to measure beside, on Debian as root');
    return 0;
  }
  if (name === '--install') return (await installRivalServers(root, say)) ? 0 : 1;
  if (name !== 'all' && name !== 'chart' && !names.includes(name)) {
    say.problem(`no benchmark is called ${name}; there are: ${names.join(', ')}`);
    return 2;
  }
  if (!checkNode(say) || !(await installWhenMissing(root, say))) return 1;
  if (name === 'chart') return script('chart.ts');
  await installRivalPackages(root, say);
  if (!(await buildWhenStale(root, say))) return 1;
  let worst = 0;
  for (const each of name === 'all' ? names : [name]) worst = Math.max(worst, await script(`${each}${SUFFIX}`));
  return worst;
}

/**
 * @param {string} file in bench/
 * @returns {Promise<number>} its exit code
 */
async function script(file) {
  return (await run(process.execPath, ['--import', 'tsx', `bench/${file}`, ...args], { cwd: root })).code;
}
