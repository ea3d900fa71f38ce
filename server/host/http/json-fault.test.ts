import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonFault } from './json-fault.ts';

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test.each([
  ['', 1, 1, 'a value', 'the end'],
  ['hello', 1, 1, 'a value', '"hello"'],
  ['{"a": 1,\n b}', 2, 2, 'a member name in double quotes', '"b}"'],
  ['{"a" 1}', 1, 6, '":"', '"1}"'],
  ['[1 2]', 1, 4, '"," or "]"', '"2]"'],
  ['[1, 2', 1, 6, '"," or "]"', 'the end'],
  ['{"a": 1} x', 1, 10, 'the end', '"x"'],
  ['[1,]', 1, 4, 'a value', '"]"'],
  ["{'a': 1}", 1, 2, 'a member name in double quotes', `"'a':"`],
])('%j stops being JSON at line %i, column %i', (text, line, column, expected, got) => {
  expect(findJsonFault(text)).toEqual({ line, column, expected, got });
});

test('finds a fault exactly where the parser of the platform does: in what is not JSON', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', 'x', '\\', '\n', '0', '-', '\u0001'))
    .map(([text, at, letter]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + letter + text.slice(place + (at % 2));
    });
  fc.assert(
    fc.property(fc.oneof(broken, fc.json(), fc.string()), (text) => {
      expect(findJsonFault(text) === undefined).toBe(isJson(text));
    }),
    { numRuns: 2000 },
  );
});

test('a string of a megabyte costs no stack', () => {
  expect(findJsonFault(`["${'\\n'.repeat(500_000)}" 1]`)?.expected).toBe('"," or "]"');
});
