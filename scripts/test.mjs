// npm test [-- checks | unit | e2e [part of a path …]]: installs and builds what is missing, then runs every check and
// every test, or those of the phases named. The last line counts the tests; a failed check counts as one failed test.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CHECKS, runChecks } from './steps/checks.mjs';
import { findChromium, installChromiumWhenMissing } from './steps/chromium.mjs';
import { endWithParent } from './steps/end-with-parent.mjs';
import { buildWhenStale, checkNode, installWhenMissing } from './steps/prepare.mjs';
import { installProgramsWhenMissing } from './steps/programs.mjs';
import { createSay, seconds } from './steps/say.mjs';
import { add, NOTHING, tallyLine } from './steps/tally.mjs';
import { listTests, runTests } from './steps/vitest.mjs';

const PHASES = ['checks', 'unit', 'e2e'];

const root = fileURLToPath(new URL('..', import.meta.url));
const say = createSay();
endWithParent();
const words = process.argv.slice(2);
const named = words.filter((word) => PHASES.includes(word));
const filters = words.filter((word) => !PHASES.includes(word));
const phases = named.length === 0 ? PHASES : named;

process.exitCode = (await main()) ? 0 : 1;

async function main() {
  if (filters.some((word) => word.startsWith('-')) || (filters.length > 0 && named.length === 0)) {
    say.problem(`usage: npm test [-- ${PHASES.join(' | ')} [part of a path …]]`);
    return false;
  }
  if (!checkNode(say) || !(await installWhenMissing(root, say))) return false;
  mkdirSync(`${root}.build`, { recursive: true });
  let tally = NOTHING;
  const durations = [];
  /** @type {string[]} */
  const failed = [];

  for (const phase of phases) {
    const began = performance.now();
    tally = add(tally, await runPhase(phase, failed));
    durations.push(`${phase} ${seconds(performance.now() - began)}`);
  }

  // Said once more here: what a run is looked at for is at its end.
  if (failed.length > 0) say.problem(`\nFAILED:\n${failed.map((name) => `  ${name}`).join('\n')}`);
  say.line(`\n${durations.join(' · ')}`);
  say.line(tallyLine(tally));
  return tally.failed === 0;
}

/**
 * @param {string} phase
 * @param {string[]} failed takes the names of what failed
 */
async function runPhase(phase, failed) {
  say.title(phase);
  if (phase === 'checks') {
    const checks = await runChecks(root, CHECKS, say);
    failed.push(...checks.map((name) => `check: ${name}`));
    return { ...NOTHING, failed: checks.length };
  }
  if (!(await buildWhenStale(root, say))) {
    failed.push('build');
    return { ...NOTHING, failed: 1 };
  }
  const missing = await installProgramsWhenMissing(root, process.env, say);
  if (missing.length > 0) {
    say.problem(`not there, so that the tests that start them are NOT RUN: ${missing.join(', ')}`);
  }
  if (phase === 'unit') return runNamed('unit', {}, failed);

  await installChromiumWhenMissing(root, process.env, say);
  const chromium = findChromium(process.env);
  if (chromium !== undefined) return runNamed('e2e', { CHROMIUM: chromium }, failed);
  const left = await listTests(root, 'e2e', filters);
  const why = process.env['CHROMIUM']
    ? `CHROMIUM names ${process.env['CHROMIUM']}, which cannot be run`
    : 'no Chromium was found';
  say.problem(
    `${why}. NOT RUN:\n${left.map((test) => `  ${test}`).join('\n')}\nInstall Chromium or Chrome, or set CHROMIUM to its path.`,
  );
  return { ...NOTHING, skipped: left.length };
}

/**
 * @param {string} project
 * @param {Record<string, string>} env
 * @param {string[]} failed takes the names of what failed
 */
async function runNamed(project, env, failed) {
  const { tally, skipped, failed: names } = await runTests(root, project, filters, env);
  failed.push(...names);
  // An error outside of any test, or a crash, is named by nobody.
  if (tally.failed > 0 && names.length === 0) failed.push(`${project}: see above`);
  if (skipped.length > 0) say.hint(`skipped:\n${skipped.map((name) => `  ${name}`).join('\n')}`);
  return tally;
}
