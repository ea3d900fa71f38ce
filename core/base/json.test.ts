import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, type JsonValue, MAX_JSON_DEPTH, parseJson, setOwn, toJsonLine } from './json.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test('text may nest as deep as the limit and no deeper', () => {
  expect(() => parseJson(nested(MAX_JSON_DEPTH))).not.toThrow();
  expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrowError(/deeper than 64/);
  expect(() => parseJson(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).toThrowError(/deeper than 64/);
});

test('text far too deep for recursion is refused like any other', () => {
  expect(() => parseJson(nested(200_000))).toThrowError(SyntaxError);
});

test('brackets inside strings do not count, also behind escapes', () => {
  const text = `["${'['.repeat(200)}\\"${'{'.repeat(200)}\\\\"]`;
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test('brackets side by side are not depth', () => {
  expect(parseJson(`[${Array.from({ length: 500 }, () => '[]').join(',')}]`)).toHaveLength(500);
});

test('what JSON can say is parsed to the same, wherever JSON.parse can', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a JSON line has no line break and says the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
      const data = JSON.parse(JSON.stringify(value)) as JsonValue;
      const line = toJsonLine(JSON.stringify(data, undefined, indent), data);
      expect(line).not.toMatch(/[\r\n]/);
      expect(JSON.parse(line)).toEqual(data);
    }),
  );
  expect(toJsonLine('[1,  2]', [1, 2])).toBe('[1,  2]');
});

test('a field called __proto__ is only a field', () => {
  const target: Record<string, unknown> = {};
  setOwn(target, '__proto__', { polluted: true });
  expect(Object.keys(target)).toEqual(['__proto__']);
  expect('polluted' in target).toBe(false);
});

test('only objects are JSON objects', () => {
  expect([{}, [], null, 'a', 1, undefined].map(isJsonObject)).toEqual([true, false, false, false, false, false]);
});
