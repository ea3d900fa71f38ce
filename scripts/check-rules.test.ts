import { expect, test } from 'vitest';
import { faultLine } from './layers/fault.ts';
import { citationsOf } from './rules/citations-of.ts';
import { findRuleFaults } from './rules/find-rule-faults.ts';
import { rulesOf } from './rules/rules-of.ts';

/** What the check says of one SPEC.md and one test file. */
function said(spec: string, tests: string): string[] {
  return findRuleFaults(rulesOf('a/SPEC.md', spec), citationsOf('a/a.test.ts', tests)).map(faultLine);
}

test('a rule is held by a test that is named by it', () => {
  expect(said('- **H1** One.\n- **S2 Names.** Two.', "test('[H1] one', f);\ntest.each(rows)(`[S2] two`, f);")).toEqual(
    [],
  );
});

test('one test may hold several rules', () => {
  expect(said('- **H1** One.\n- **H2** Two.', 'test("[H1] [H2] both", f);')).toEqual([]);
});

test('a rule without a test is named with its place', () => {
  expect(said('# Rules\n\n- **H1** One.\n', "// [H1]\ntest('one, see [H1]', f);")).toEqual([
    'a/SPEC.md:3: rule H1: no test is named by it. Name a test "[H1] …", or end the rule with "(not tested: why no machine can)".',
  ]);
});

test('a test of a rule that does not exist is named with its place', () => {
  expect(said('- **H1** One.', "test('[H1] one', f);\ntest('[H12] two', f);")).toEqual([
    'a/a.test.ts:2: a test of H12: no SPEC.md has that rule. Name the rule that the test holds, or write it down.',
  ]);
});

test('a number that is given twice is named with both places', () => {
  expect(said('- **H1** One.\n- **H1** Again.', "test('[H1] one', f);")).toEqual([
    'a/SPEC.md:2: rule H1: a/SPEC.md:1 has that number already. Give it one that is free.',
  ]);
});

test('a rule that no machine can try says why in its last words, over lines too', () => {
  const spec = '- **H1** The sun\n  rises (not tested: takes a\n  night)\n\n- **H2** (not tested: no) and yet more.';
  expect(rulesOf('a/SPEC.md', spec)).toEqual([
    { name: 'H1', path: 'a/SPEC.md', line: 1, untested: 'takes a night' },
    { name: 'H2', path: 'a/SPEC.md', line: 5 },
  ]);
  expect(said(spec, "test('[H2] two', f);")).toEqual([]);
  expect(said(spec, "test('[H1] [H2] two', f);")).toEqual([
    'a/SPEC.md:1: rule H1: says that it is not tested, and a test is named by it. Take "(not tested: …)" off the rule.',
  ]);
});

test('a list or a table that is no rule is none', () => {
  expect(rulesOf('a/SPEC.md', '- **bold** words\n- H1 words\n| **H1** | x |\n  - **H2** inside')).toEqual([]);
});
