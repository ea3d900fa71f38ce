import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidewallError } from './error.ts';
import { KINDS, MAX_TOPIC_NAME_LENGTH, OPERATIONS, OPERATIONS_OF_KIND, parseTopicName } from './topic.ts';
import vectors from './vectors/topic-names.json' with { type: 'json' };

describe('names of topics', () => {
  test.each(vectors.valid)('"%s" is one', (name) => expect(parseTopicName(name)).toBe(name));

  test.each(vectors.invalid)('$name is none: $why', ({ name }) => {
    expect(() => parseTopicName(name)).toThrow(TidewallError);
  });

  // Not among the vectors: many languages cannot even read it from JSON.
  test('half a surrogate pair is none', () => expect(() => parseTopicName('a/\ud800')).toThrow(TidewallError));

  test('a refusal names the value and the cure, and never repeats a huge one', () => {
    expect(() => parseTopicName('a b')).toThrow('topic name "a b" has "a b": a part may hold letters, digits and');
    expect(() => parseTopicName('x'.repeat(100_000))).toThrow(
      /^topic name "x{32}" must have 1 to 256 characters, has 100000$/,
    );
  });

  test('a name that is taken is safe in a path, a pattern and a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: MAX_TOPIC_NAME_LENGTH + 8 }), (text) => {
        let name: string;
        try {
          name = parseTopicName(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TidewallError);
          return;
        }
        expect(name).toBe(text);
        expect(name).not.toMatch(/[\s+#*?%\\"'<>&\p{C}]|^\/|\/$|\/\//u);
        expect(name.split('/').some((part) => part === '.' || part === '..')).toBe(false);
      }),
    );
  });
});

describe('kinds and operations', () => {
  test('every kind has operations, all known, and every operation belongs to a kind', () => {
    expect(Object.keys(OPERATIONS_OF_KIND)).toEqual([...KINDS]);
    const used = new Set<string>(Object.values(OPERATIONS_OF_KIND).flat());
    expect([...used].sort()).toEqual([...OPERATIONS].sort());
  });
});
