import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { add, namesIn, tallyLine, tallyOfReport } from './tally.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-tally-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function report(...files: { status: string; tests: string[] }[]): string {
  const path = join(folder, 'report.json');
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((each) => ({ status: each })),
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

describe('counting tests', () => {
  it('counts each test once; what did not run is skipped', () => {
    const path = report({ status: 'failed', tests: ['passed', 'failed', 'pending', 'todo', 'skipped'] });
    expect(tallyOfReport(path, 1)).toEqual({ passed: 1, failed: 1, skipped: 3 });
  });
  it('a file that could not be loaded is one failed test', () => {
    const path = report({ status: 'failed', tests: [] }, { status: 'passed', tests: ['passed'] });
    expect(tallyOfReport(path, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });
  it('an error outside of any test is one failed test', () => {
    expect(tallyOfReport(report({ status: 'passed', tests: ['passed'] }), 1)).toMatchObject({ passed: 1, failed: 1 });
  });
  it('a run that wrote no report is one failed test', () => {
    expect(tallyOfReport(join(folder, 'none.json'), 134)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
  it('names the tests that did not run, and those that failed with what went wrong', () => {
    const path = join(folder, 'report.json');
    const assertionResults = [
      { status: 'passed', fullName: 'runs' },
      { status: 'pending', fullName: 'needs root' },
    ];
    const failing = [{ status: 'failed', fullName: 'holds', failureMessages: ['expected 1\nto be 2'] }];
    const testResults = [
      { name: '/x.test.ts', status: 'passed', assertionResults },
      { name: '/y.test.ts', status: 'failed', assertionResults: failing },
      { name: '/z.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ];
    writeFileSync(path, JSON.stringify({ testResults }));
    expect(namesIn(path)).toEqual({
      skipped: ['/x.test.ts: needs root'],
      failed: ['/y.test.ts: holds\n    expected 1\n    to be 2', '/z.test.ts\n    no such module'],
    });
    expect(namesIn(join(folder, 'none.json'))).toEqual({ skipped: [], failed: [] });
  });
  it('ends in one plain line', () => {
    const tally = add({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 3, skipped: 0 });
    expect(tallyLine(tally)).toBe('3 passed, 3 failed');
    expect(tallyLine({ ...tally, skipped: 4 })).toBe('3 passed, 3 failed, 4 skipped');
  });
});
