import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from './json.ts';
import { applyMergePatch, composeMergePatches, mergeInPlace } from './merge-patch.ts';

/** RFC 7396, appendix A: original, patch, result. */
const RFC_EXAMPLES: [JsonValue, JsonValue, JsonValue][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('RFC 7396, appendix A', () => {
  test.each(RFC_EXAMPLES)('%j patched with %j is %j', (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result);
  });
});

// Few names, so that patches meet; `__proto__` because strangers choose the names.
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ node: JsonValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<JsonValue>(null, 0, 1, 'x', []),
    fc.constant<JsonValue>({}),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('node')), { maxLength: 3 })
      .map((entries) => JSON.parse(`{${entries.map(([k, v]) => `"${k}":${JSON.stringify(v)}`).join(',')}}`)),
  ),
})).node;

const text = JSON.stringify;

test('patching changes neither the value nor the patch', () => {
  fc.assert(
    fc.property(value, value, (target, patch) => {
      const before = [text(target), text(patch)];
      applyMergePatch(target, patch);
      expect([text(target), text(patch)]).toEqual(before);
    }),
  );
});

test('one composed patch does what the two do one after the other, to any value', () => {
  let composedCount = 0;
  fc.assert(
    fc.property(value, value, value, (target, first, second) => {
      const composed = composeMergePatches(first, second);
      if (composed === undefined) return;
      composedCount++;
      expect(applyMergePatch(target, composed)).toEqual(applyMergePatch(applyMergePatch(target, first), second));
    }),
    { numRuns: 3000 },
  );
  expect(composedCount).toBeGreaterThan(500);
});

test('how three patches are grouped makes no difference to the result', () => {
  fc.assert(
    fc.property(value, value, value, value, (target, first, second, third) => {
      const left = composeMergePatches(first, second);
      const right = composeMergePatches(second, third);
      const grouped = [
        left === undefined ? undefined : composeMergePatches(left, third),
        right === undefined ? undefined : composeMergePatches(first, right),
      ];
      const expected = [first, second, third].reduce<JsonValue>(applyMergePatch, target);
      for (const patch of grouped) if (patch !== undefined) expect(applyMergePatch(target, patch)).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test('what no merge patch can say is refused and not guessed', () => {
  expect(composeMergePatches({ a: null }, { a: { b: 1 } })).toBeUndefined();
  expect(composeMergePatches({ a: 5 }, { a: { b: 1 } })).toBeUndefined();
  expect(composeMergePatches({ a: [1] }, { a: {} })).toBeUndefined();
  expect(composeMergePatches(7, { a: 1 })).toBeUndefined();
});

test('a patch that replaces forgets the patch before it', () => {
  expect(composeMergePatches({ a: 1 }, 'new')).toBe('new');
  expect(composeMergePatches({ a: { b: 1 } }, { a: null })).toEqual({ a: null });
});

test('a member called __proto__ is a member', () => {
  const patched = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}') as JsonValue);
  expect(text(patched)).toBe('{"__proto__":{"polluted":1}}');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('merging in place gives what merging a copy gives, and leaves the patch of another owner alone', () => {
  fc.assert(
    fc.property(value, value, (target, patch) => {
      const own = JSON.parse(JSON.stringify(target)) as JsonValue;
      const given = JSON.parse(JSON.stringify(patch)) as JsonValue;
      expect(mergeInPlace(own, given)).toEqual(applyMergePatch(target, patch));
      expect(given).toEqual(patch);
    }),
  );
});
