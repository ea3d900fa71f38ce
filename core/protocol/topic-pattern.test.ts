import { expect, test } from 'vitest';
import { matchesPattern, patternFault } from './topic-pattern.ts';

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/c', false],
  ['a/b', 'a', false],
  ['a', 'a/b', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/b/c', false],
  ['+/b', 'a/b', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'b', false],
  ['#', 'a/b', true],
])('%s on %s: %s', (pattern, topic, matches) => {
  expect(matchesPattern(pattern, topic)).toBe(matches);
});

test.each(['a//b', 'a/#/b', 'a+/b', 'a/b#', ''])('the pattern "%s" is faulty', (pattern) => {
  expect(patternFault(pattern)).toEqual(expect.any(String));
});
