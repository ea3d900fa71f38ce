import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markInstalled, whyInstall } from './packages.mjs';

let root: string;
const installed = () => join(root, 'node_modules', '.package-lock.json');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidewall-packages-'));
  writeFileSync(join(root, 'package-lock.json'), '{ "version": 1 }');
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(installed(), '{}');
  markInstalled(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The lock file gets another text, later than what is installed. */
function changeLock(): void {
  writeFileSync(join(root, 'package-lock.json'), '{ "version": 2 }');
  utimesSync(installed(), 1, 1);
}

describe('packages', () => {
  it('are not installed again while the lock file is the same, whatever its date', () => {
    utimesSync(installed(), 1, 1);
    expect(whyInstall(root)).toBeUndefined();
  });
  it('are installed when there are none, or an install was cut short', () => {
    rmSync(installed());
    expect(whyInstall(root)).toBe('no packages are installed yet');
  });
  it('are installed when the lock file changed', () => {
    changeLock();
    expect(whyInstall(root)).toBe('package-lock.json has changed');
  });
  it('are left alone when they were installed by hand after the change', () => {
    changeLock();
    writeFileSync(installed(), '{}');
    expect(whyInstall(root)).toBeUndefined();
  });
  it('are installed when they are those of another platform', () => {
    writeFileSync(join(root, 'node_modules', '.tidewall-installed'), 'x plan9-mips');
    expect(whyInstall(root)).toBe('the packages are for plan9-mips');
  });
});
