import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { namesIn, tallyOfReport } from './tally.mjs';

const VITEST = 'node_modules/vitest/vitest.mjs';

/**
 * Runs the tests of one vitest project; what they say goes to the terminal.
 *
 * @param {string} root
 * @param {string} project
 * @param {readonly string[]} filters parts of paths; none for all tests
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<{ tally: import('./tally.mjs').Tally, skipped: string[], failed: string[] }>} the last two by name
 */
export async function runTests(root, project, filters, env) {
  const report = join(root, '.build', `tests-${project}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [VITEST, 'run', '--project', project, ...reporters, ...filters];
  const { code } = await run(process.execPath, args, { cwd: root, env });
  const { skipped, failed } = namesIn(report);
  const inside = (/** @type {string} */ name) => name.replace(root, '');
  return { tally: tallyOfReport(report, code), skipped: skipped.map(inside), failed: failed.map(inside) };
}

/**
 * The names of the tests of a project, without running them.
 *
 * @param {string} root
 * @param {string} project
 * @param {readonly string[]} filters
 * @returns {Promise<string[]>}
 */
export async function listTests(root, project, filters) {
  const file = join(root, '.build', `list-${project}.json`);
  rmSync(file, { force: true });
  const args = [VITEST, 'list', '--project', project, `--json=${file}`, ...filters];
  const { code, output } = await run(process.execPath, args, { cwd: root, capture: true });
  if (code !== 0) throw new Error(`the tests of ${project} cannot be listed:\n${output}`);
  /** @type {{ name: string, file: string }[]} */
  const tests = JSON.parse(readFileSync(file, 'utf8'));
  return tests.map((test) => `${test.file.slice(root.length)}: ${test.name}`);
}
