import { run } from './run.mjs';

/**
 * @typedef {object} Check something that must hold of the sources without running them
 * @property {string} name
 * @property {readonly string[]} command arguments for `node`
 */

/** @type {readonly Check[]} */
export const CHECKS = [
  { name: 'layers', command: ['--import', 'tsx', 'scripts/check-layers.ts'] },
  { name: 'lengths', command: ['--import', 'tsx', 'scripts/check-lengths.ts'] },
  { name: 'rules', command: ['--import', 'tsx', 'scripts/check-rules.ts'] },
  { name: 'format and lint', command: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'] },
  // A type check for each environment, so that nothing can use what is not there where it runs.
  types('core', 'core'),
  types('server', 'server'),
  types('browser', 'browser'),
  types('client', 'browser/client'),
  types('tests and scripts', '.'),
];

/**
 * Runs checks, a line each with its duration, and what a failing one says.
 *
 * @param {string} root
 * @param {readonly Check[]} checks
 * @param {import('./say.mjs').Say} say
 * @returns {Promise<string[]>} the names of those that failed
 */
export async function runChecks(root, checks, say) {
  const failed = [];
  for (const { name, command } of checks) {
    const done = say.step('check', name);
    const { code, output } = await run(process.execPath, command, { cwd: root, capture: true });
    done(code === 0 ? undefined : 'failed');
    if (code !== 0) {
      failed.push(name);
      say.problem(output.trim());
    }
  }
  return failed;
}

/**
 * @param {string} name
 * @param {string} project folder of the tsconfig.json
 * @returns {Check}
 */
function types(name, project) {
  // What was checked is remembered, so that a second run only looks at what changed.
  const memory = `.build/types/${name.replaceAll(' ', '-')}.tsbuildinfo`;
  const command = ['node_modules/typescript/bin/tsc', '-p', project, '--incremental', '--tsBuildInfoFile', memory];
  return { name: `types: ${name}`, command };
}
