import type { Fault } from '../layers/fault.ts';
import type { Citation } from './citations-of.ts';
import type { Rule } from './rules-of.ts';

/** Every rule without a test, every test of a rule that does not exist, and every number that is given twice. */
export function findRuleFaults(rules: readonly Rule[], citations: readonly Citation[]): Fault[] {
  const byName = new Map<string, Rule>();
  const cited = new Set(citations.map(({ name }) => name));
  const faults: Fault[] = [];

  for (const rule of rules) {
    const { name, path, line, untested } = rule;
    const first = byName.get(name);
    if (first) {
      const why = `${first.path}:${first.line} has that number already`;
      faults.push({ path, line, what: `rule ${name}`, why, cure: 'Give it one that is free' });
      continue;
    }
    byName.set(name, rule);
    if (untested === undefined && !cited.has(name)) {
      const cure = `Name a test "[${name}] …", or end the rule with "(not tested: why no machine can)"`;
      faults.push({ path, line, what: `rule ${name}`, why: 'no test is named by it', cure });
    } else if (untested !== undefined && cited.has(name)) {
      const cure = 'Take "(not tested: …)" off the rule';
      faults.push({
        path,
        line,
        what: `rule ${name}`,
        why: 'says that it is not tested, and a test is named by it',
        cure,
      });
    }
  }
  for (const { name, path, line } of citations) {
    if (byName.has(name)) continue;
    const cure = 'Name the rule that the test holds, or write it down';
    faults.push({ path, line, what: `a test of ${name}`, why: 'no SPEC.md has that rule', cure });
  }
  return faults;
}
