import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidewallError } from './error.ts';
import { MAX_TOPIC_NAME_LENGTH, parseTopicName } from './topic.ts';
import { compilePattern, isTopicPattern, matchesPattern, parseTopicPattern, patternFault } from './topic-pattern.ts';

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
  ['+/#', 'a', true],
  ['+', 'a/b', false],
  ['a/+/c/#', 'a/b/c', true],
  ['产线/+', '产线/一号', true],
])('%s on %s: %s', (pattern, topic, matches) => {
  expect(matchesPattern(pattern, topic)).toBe(matches);
  expect(compilePattern(parseTopicPattern(pattern))(parseTopicName(topic))).toBe(matches);
});

describe('what is no pattern', () => {
  test.each([
    'a//b',
    '/a',
    'a/',
    'a/#/b',
    '#/#',
    'a+/b',
    'a/b#',
    '++',
    '',
    'a/ /+',
    'a/../+',
    './#',
    'a/*',
    'a/\ud800/+',
  ])('%j is refused with its text', (text) => {
    const parse = () => parseTopicPattern(text);
    expect(parse).toThrow(TidewallError);
    expect(parse).toThrow(/must|may|has/);
  });

  test('is one that is longer than a name may be', () => {
    const longest = `${'a/'.repeat(MAX_TOPIC_NAME_LENGTH / 2 - 1)}a+`.replace('a+', '+');
    expect(parseTopicPattern(longest.slice(0, MAX_TOPIC_NAME_LENGTH))).toBeDefined();
    expect(() => parseTopicPattern(`${'x'.repeat(MAX_TOPIC_NAME_LENGTH - 1)}/#`)).toThrow(/at most 256 characters/);
  });

  test('is refused and breaks nothing, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        try {
          expect(patternFault(parseTopicPattern(text))).toBeUndefined();
        } catch (failure) {
          expect(failure).toBeInstanceOf(TidewallError);
          expect((failure as TidewallError).kind).toBe('bad_request');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const part = fc.constantFrom('a', 'b', '一', '$x', 'a.b', '__proto__');
const topic = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const pattern = fc
  .tuple(fc.array(fc.oneof(part, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([parts, rest]) => (rest || parts.length === 0 ? [...parts, '#'] : parts).join('/'));

/** The same pattern as a regular expression. */
function regexOf(text: string): RegExp {
  const parts = text.split('/').map((one) => (one === '+' ? '[^/]+' : one.replaceAll(/[.$]/g, '\\$&')));
  const source = `^${parts.join('/')}$`.replace('^#$', '^.+$').replace('/#$', '(/.+)?$');
  return new RegExp(source, 'u');
}

describe('any pattern', () => {
  test('is taken, and matches what a regular expression of it matches', () => {
    let matched = 0;
    fc.assert(
      fc.property(pattern, topic, (text, name) => {
        const expected = regexOf(text).test(name);
        expect(matchesPattern(parseTopicPattern(text), name)).toBe(expected);
        expect(compilePattern(parseTopicPattern(text))(parseTopicName(name))).toBe(expected);
        if (expected) matched++;
      }),
      { numRuns: 5000 },
    );
    expect(matched).toBeGreaterThan(300);
  });

  test('is told from every name: a name is no pattern, and a pattern with a wildcard is no name', () => {
    fc.assert(
      fc.property(topic, pattern, fc.string({ unit: 'binary', maxLength: 12 }), (name, text, any) => {
        expect(isTopicPattern(parseTopicName(name))).toBe(false);
        if (isTopicPattern(text)) expect(() => parseTopicName(text)).toThrow(TidewallError);
        if (isTopicPattern(any)) expect(() => parseTopicName(any)).toThrow(TidewallError);
      }),
    );
  });

  test('that is only a name matches that name alone', () => {
    fc.assert(
      fc.property(topic, topic, (text, name) => {
        expect(matchesPattern(parseTopicPattern(text), name)).toBe(text === name);
      }),
    );
  });
});
