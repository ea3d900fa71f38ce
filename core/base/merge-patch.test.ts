import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { applyMergePatch, composeMergePatches, createMergePatch, equalJson, mergeInPlace } from './merge-patch.ts';

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
    fc.constantFrom<JsonValue>(null, 0, -0, 1, 2 ** 53, 'x', '\ud800', [], [null], [{ a: null }]),
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
      const own = structuredClone(target);
      const given = structuredClone(patch);
      expect(mergeInPlace(own, given)).toEqual(applyMergePatch(target, patch));
      expect(given).toEqual(patch);
    }),
  );
});

/** `value` without a null anywhere but in lists: what merge patches can make of anything. */
function withoutNullMembers(of: JsonValue): JsonValue {
  if (!isJsonObject(of)) return of;
  const members = Object.entries(of).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNullMembers(member)]));
}

describe('the patch between two values', () => {
  test('makes the second of the first, wherever there is one', () => {
    let found = 0;
    fc.assert(
      fc.property(value, value, (before, after) => {
        const patch = createMergePatch(before, after);
        if (patch === undefined) return;
        found++;
        expect(equalJson(applyMergePatch(before, patch), after)).toBe(true);
        expect(normal(applyMergePatch(before, patch))).toBe(normal(after));
      }),
      { numRuns: 3000 },
    );
    expect(found).toBeGreaterThan(1000);
  });

  test('is there whenever the second has no null that is a member', () => {
    fc.assert(
      fc.property(value, value, (before, some) => {
        expect(createMergePatch(before, withoutNullMembers(some))).toBeDefined();
      }),
    );
  });

  test('is there for whatever a patch can make of the first', () => {
    fc.assert(
      fc.property(value, value, (before, patch) => {
        expect(createMergePatch(before, applyMergePatch(before, patch))).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  test('is the smallest: no member of it can be left out', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        const patch = createMergePatch(before, after);
        for (const less of isJsonObject(patch) ? patchesWithoutOneMember(patch) : []) {
          expect(equalJson(applyMergePatch(before, less), after)).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of objects that are equal is empty, and of what is no object the value itself', () => {
    fc.assert(
      fc.property(value, (one) => {
        const copy = JSON.parse(text(one)) as JsonValue;
        expect(createMergePatch(one, copy)).toEqual(isJsonObject(one) ? {} : copy);
      }),
    );
    expect(createMergePatch({ a: 1 }, null)).toBeNull();
    expect(createMergePatch({ a: 1 }, [null])).toEqual([null]);
    expect(createMergePatch([1], {})).toEqual({});
    expect(createMergePatch(undefined, { a: 1 })).toEqual({ a: 1 });
  });

  test('leaves both values as they are', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        const texts = [text(before), text(after)];
        createMergePatch(before, after);
        expect([text(before), text(after)]).toEqual(texts);
      }),
    );
  });

  test.each<[JsonValue | undefined, JsonValue]>([
    [{ a: 1 }, { a: null }],
    [{}, { a: null }],
    [{}, { a: { b: null } }],
    [{ a: [] }, { a: { b: { c: null } } }],
    [{ a: { b: 1 } }, { a: { b: null } }],
    [7, { a: null }],
    [undefined, { a: null }],
    [null, { a: { b: null } }],
  ])('from %j to %j does not exist, and is not guessed', (before, after) => {
    expect(createMergePatch(before, after)).toBeUndefined();
  });

  test('leaves a null that is there already alone, and takes one out', () => {
    expect(createMergePatch({ a: null, b: null, c: 1 }, { a: null, c: 2 })).toEqual({ b: null, c: 2 });
  });

  test('names a member called __proto__ like any other', () => {
    const [before, after] = ['{"__proto__":{"a":1,"b":2}}', '{"__proto__":{"a":1,"b":3}}'].map((one) =>
      JSON.parse(one),
    );
    expect(text(createMergePatch(before, after))).toBe('{"__proto__":{"b":3}}');
    expect(text(createMergePatch(before, {}))).toBe('{"__proto__":null}');
    expect(text(createMergePatch({}, before))).toBe('{"__proto__":{"a":1,"b":2}}');
  });

  test('of a change deep in a large value looks at each member once', () => {
    let reads = 0;
    const counted = (of: JsonObject): JsonObject =>
      new Proxy(of, {
        get(target, name) {
          reads++;
          return Reflect.get(target, name);
        },
      });
    const large = (last: number): JsonObject =>
      counted(
        Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, counted({ a: i, b: i < 49 ? 0 : last })])),
      );
    expect(createMergePatch(large(1), large(2))).toEqual({ k49: { b: 2 } });
    expect(reads).toBe(2 * (50 + 100));
  });
});

describe('equal', () => {
  test('is what says the same, in whatever order its members stand', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(equalJson(a, b)).toBe(normal(a) === normal(b));
        expect(equalJson(a, b)).toBe(equalJson(b, a));
        expect(equalJson(a, reversed(a))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[JsonValue, JsonValue, boolean]>([
    [0, -0, true],
    [[], {}, false],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [JSON.parse('{"__proto__":1}'), {}, false],
    [JSON.parse('{"__proto__":{}}'), JSON.parse('{"toString":{}}'), false],
    ['\ud800', '\ud801', false],
    [null, {}, false],
    ['1', 1, false],
  ])('%j and %j: %s', (a, b, equal) => {
    expect(equalJson(a, b)).toBe(equal);
  });
});

/** One text for all values that say the same; written without what is tested. */
function normal(of: JsonValue): string {
  if (Array.isArray(of)) return `[${of.map(normal).join(',')}]`;
  if (!isJsonObject(of)) return text(of);
  const members = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${text(name)}:${normal(member)}`).join(',')}}`;
}

function reversed(of: JsonValue): JsonValue {
  if (Array.isArray(of)) return of.map(reversed);
  if (!isJsonObject(of)) return of;
  return Object.fromEntries(
    Object.entries(of)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

/** Every patch that says one thing less, at any depth. */
function patchesWithoutOneMember(patch: JsonObject): JsonObject[] {
  return Object.entries(patch).flatMap(([name, member]) => {
    const others = Object.entries(patch).filter(([other]) => other !== name);
    const inner = isJsonObject(member) ? patchesWithoutOneMember(member) : [];
    return [Object.fromEntries(others), ...inner.map((less) => Object.fromEntries([...others, [name, less]]))];
  });
}
