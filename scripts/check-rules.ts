// npm run check -- rules: every numbered rule of a SPEC.md has a test that is named by it, and every such name is a rule.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { faultLine } from './layers/fault.ts';
import { sourceFiles } from './layers/source-files.ts';
import { citationsOf } from './rules/citations-of.ts';
import { findRuleFaults } from './rules/find-rule-faults.ts';
import { rulesOf } from './rules/rules-of.ts';

const SPEC_FILE = /(^|\/)SPEC\.md$/;
const TEST_FILE = /\.(test|contract|e2e|browser)\.ts$/;

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

const rules = sourceFiles(root, SPEC_FILE).flatMap((path) => rulesOf(path, read(path)));
const citations = sourceFiles(root, TEST_FILE).flatMap((path) => citationsOf(path, read(path)));

for (const { name, untested } of rules) if (untested !== undefined) console.log(`${name} is not tested: ${untested}`);
const faults = findRuleFaults(rules, citations);
for (const fault of faults) console.error(faultLine(fault));
process.exitCode = faults.length === 0 ? 0 : 1;
