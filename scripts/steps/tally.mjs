import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/** @type {Tally} */
export const NOTHING = { passed: 0, failed: 0, skipped: 0 };

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/**
 * Counts a run of vitest by its JSON report. A file that could not be loaded counts as one failed test, and so does a
 * run that failed in some other way (an error outside of any test, a crash before the report was written).
 *
 * @param {string} file the report; it may be missing
 * @param {number} exitCode of the run
 * @returns {Tally}
 */
export function tallyOfReport(file, exitCode) {
  const tally = { ...NOTHING };
  /** @type {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} */
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { testResults: [] };
  for (const { status, assertionResults } of report.testResults) {
    let failed = 0;
    for (const test of assertionResults) {
      if (test.status === 'passed') tally.passed++;
      else if (test.status === 'failed') failed++;
      else tally.skipped++;
    }
    tally.failed += failed === 0 && status === 'failed' ? 1 : failed;
  }
  if (exitCode !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

/** Characters of each failure that are said once more at the end of a run. */
const TOLD = 1500;

/**
 * The tests of a run that did not run, and those that failed, by the JSON report: full names, each with its file, and
 * what went wrong below it. A file that could not be loaded is named by itself.
 *
 * @param {string} file the report; it may be missing
 * @returns {{ skipped: string[], failed: string[] }}
 */
export function namesIn(file) {
  /** @type {{ testResults: { name: string, status: string, message?: string, assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }[] }} */
  const { testResults } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { testResults: [] };
  /** @type {string[]} */
  const skipped = [];
  /** @type {string[]} */
  const failed = [];
  for (const { name, status, message, assertionResults } of testResults) {
    const before = failed.length;
    for (const test of assertionResults) {
      if (test.status === 'failed') failed.push(`${name}: ${test.fullName}${told(test.failureMessages?.join('\n'))}`);
      else if (test.status !== 'passed') skipped.push(`${name}: ${test.fullName}`);
    }
    if (status === 'failed' && failed.length === before) failed.push(`${name}${told(message)}`);
  }
  return { skipped, failed };
}

/** What went wrong, below the name of what it went wrong in. */
function told(message = '') {
  return message.slice(0, TOLD).trim().replace(/^/gm, '\n    ').replaceAll('\n\n', '\n').trimEnd();
}

/**
 * `12 passed, 0 failed`, and `, 3 skipped` when there are any.
 *
 * @param {Tally} tally
 */
export function tallyLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
