import { isJsonObject, type JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidewallError } from './error.ts';
import { compileFilter, FILTER_LIMITS, type Filter, parseFilter } from './filter.ts';

/** Whether a value passes a filter as a client writes it. */
function passes(filter: unknown, value: JsonValue): boolean {
  return compileFilter(parseFilter(filter))(value);
}

function refusal(filter: unknown): TidewallError {
  try {
    parseFilter(filter);
  } catch (failure) {
    if (failure instanceof TidewallError) return failure;
    throw failure;
  }
  throw new Error('the filter was taken');
}

const LINE = { site: 'sh', oee: 0.8, ok: true, note: null, deep: { list: [{ a: 1 }, 'x'] }, 'a/b': 1, 'm~n': 2, '': 3 };

describe('a comparison', () => {
  test.each<[unknown, boolean]>([
    [['site', 'eq', 'sh'], true],
    [['site', 'eq', 'SH'], false],
    [['oee', 'eq', '0.8'], false],
    [['ok', 'eq', true], true],
    [['ok', 'eq', 1], false],
    [['note', 'eq', null], true],
    [['none', 'eq', null], false],
    [['site', 'ne', 'bj'], true],
    [['none', 'ne', 'sh'], true],
    [['none', 'ne', null], true],
    [['oee', 'lt', 1], true],
    [['oee', 'ge', 0.8], true],
    [['oee', 'gt', 0.8], false],
    [['oee', 'le', 0.8], true],
    [['site', 'lt', 'sz'], true],
    [['site', 'gt', 'SH'], true],
    [['oee', 'lt', '1'], false],
    [['ok', 'lt', true], false],
    [['note', 'le', null], false],
    [['none', 'lt', 5], false],
    [['none', 'ge', 5], false],
    [['site', 'in', ['bj', 'sh']], true],
    [['site', 'in', []], false],
    [['note', 'in', [null]], true],
    [['none', 'in', [null]], false],
    [['note', 'exists', true], true],
    [['none', 'exists', false], true],
    [['none', 'exists', true], false],
  ])('%j', (filter, expected) => {
    expect(passes(filter, LINE)).toBe(expected);
    expect(passes(['not', filter], LINE)).toBe(!expected);
  });

  test.each<JsonValue>([null, 5, 'site', [], [LINE], true])('with %j, which has no fields, finds none', (value) => {
    expect(passes(['site', 'exists', true], value)).toBe(false);
    expect(passes(['length', 'exists', true], value)).toBe(false);
    expect(passes(['site', 'ne', 'sh'], value)).toBe(true);
  });
});

describe('a field', () => {
  test.each<[string, JsonValue | undefined]>([
    ['/site', 'sh'],
    ['/deep/list/0/a', 1],
    ['/deep/list/1', 'x'],
    ['/deep/list/-', undefined],
    ['/deep/list/01', undefined],
    ['/deep/list/length', undefined],
    ['/deep/list/4294967296', undefined],
    ['/site/0', undefined],
    ['/a~1b', 1],
    ['a/b', 1],
    ['/m~0n', 2],
    ['m~n', 2],
    ['', 3],
    ['/', 3],
    ['/a/b', undefined],
    ['deep/list', undefined],
  ])('%j is %j', (field, found) => {
    expect(passes([field, 'exists', true], LINE)).toBe(found !== undefined);
    if (found !== undefined) expect(passes([field, 'eq', found], LINE)).toBe(true);
  });

  test('of "~01" is the member "~1", and not "/"', () => {
    expect(passes(['/~01', 'eq', 1], { '~1': 1, '/': 2 })).toBe(true);
    expect(passes(['/~1', 'eq', 2], { '~1': 1, '/': 2 })).toBe(true);
  });

  test('is never one of the prototype', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(passes([name, 'exists', true], {})).toBe(false);
      expect(passes([`/${name}`, 'exists', true], { deep: {} })).toBe(false);
      expect(passes([`/deep/${name}`, 'exists', true], { deep: [] })).toBe(false);
      expect(passes([name, 'eq', 1], JSON.parse(`{"${name}":1}`))).toBe(true);
    }
  });

  test('may be called like a junction', () => {
    expect(passes(['and', 'eq', 1], { and: 1 })).toBe(true);
    expect(passes(['or', 'in', [1]], { or: 1 })).toBe(true);
    expect(passes(['not', 'exists', true], { not: 1 })).toBe(true);
    expect(passes(['and', ['and', 'eq', 1], ['not', ['or', 'exists', true]]], { and: 1 })).toBe(true);
  });
});

// --- against an evaluator that does nothing but what the words say

function lookUp(value: JsonValue, field: string): JsonValue | undefined {
  const names = field.startsWith('/')
    ? field
        .split('/')
        .slice(1)
        .map((name) => name.split('~1').join('/').split('~0').join('~'))
    : [field];
  let found: JsonValue | undefined = value;
  for (const name of names) {
    const own: Map<string, JsonValue> = new Map(
      Array.isArray(found) || isJsonObject(found) ? Object.entries(found) : [],
    );
    if (Array.isArray(found) && !field.startsWith('/')) return undefined;
    found = own.get(name);
  }
  return found;
}

function evaluate(filter: Filter, value: JsonValue): boolean {
  const [head, second, third] = filter as unknown as [string, unknown, unknown];
  if (Array.isArray(second)) {
    const results = filter.slice(1).map((part) => evaluate(part as Filter, value));
    if (head === 'not') return results[0] === false;
    return head === 'and' ? !results.includes(false) : results.includes(true);
  }
  const found = lookUp(value, head);
  if (second === 'exists') return (found !== undefined) === third;
  if (second === 'eq') return found === third;
  if (second === 'ne') return found !== third;
  if (second === 'in') return (third as unknown[]).some((one) => one === found);
  const numbers = typeof found === 'number' && typeof third === 'number';
  const texts = typeof found === 'string' && typeof third === 'string';
  if (!numbers && !texts) return false;
  const [a, b] = [found, third] as [number, number];
  return { lt: a < b, le: a <= b, gt: a > b, ge: a >= b }[second as 'lt'];
}

// Few names and values, so that they meet.
const name = fc.constantFrom('a', 'b', 'and', 'not', '__proto__', '~', '/', '0', '');
const field = fc.oneof(
  name.filter((one) => !one.startsWith('/')),
  fc
    .array(name, { minLength: 1, maxLength: 3 })
    .map((names) => names.map((one) => `/${one.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')),
);
const scalar = fc.constantFrom(null, true, false, 0, -0, 1, 2 ** 53, '', 'a', 'b', '\ud800', '1');
const filter = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(field, fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge'), scalar),
    fc.tuple(field, fc.constant('in'), fc.array(scalar, { maxLength: 3 })),
    fc.tuple(field, fc.constant('exists'), fc.boolean()),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => ['and', ...parts] as Filter),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => ['or', ...parts] as Filter),
    tie('node').map((part) => ['not', part] as Filter),
  ) as fc.Arbitrary<Filter>,
})).node;
const value = fc.letrec<{ node: JsonValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('node'), { maxLength: 2 }),
    fc.array(fc.tuple(name, tie('node')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as JsonValue),
  ),
})).node;

describe('any filter', () => {
  test('lets through what the words say', () => {
    let passed = 0;
    let runs = 0;
    fc.assert(
      fc.property(filter, value, (one, of) => {
        const expected = evaluate(one, of);
        expect(passes(one, of)).toBe(expected);
        runs++;
        if (expected) passed++;
      }),
      { numRuns: 5000 },
    );
    // It would mean little if nearly all of them said the same.
    expect(passed / runs).toBeGreaterThan(0.2);
    expect(passed / runs).toBeLessThan(0.8);
  });

  test('is taken as it is written, and shares nothing with what was written', () => {
    fc.assert(
      fc.property(filter, (one) => {
        const parsed = parseFilter(one);
        expect(parsed).toEqual(one);
        expect(parsed).not.toBe(one);
        expect(parseFilter(JSON.parse(JSON.stringify(parsed)))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
  });

  test('changes nothing of what it looks at', () => {
    fc.assert(
      fc.property(filter, value, (one, of) => {
        const before = JSON.stringify(of);
        passes(one, of);
        expect(JSON.stringify(of)).toBe(before);
      }),
    );
  });
});

describe('what is no filter', () => {
  test.each<[unknown, string]>([
    [null, 'filter'],
    [{}, 'filter'],
    ['a eq 1', 'filter'],
    [[], 'filter[0]'],
    [[1, 'eq', 2], 'filter[0]'],
    [[['a', 'eq', 1]], 'filter[0]'],
    [['a'], 'filter'],
    [['a', 'eq'], 'filter'],
    [['a', 'eq', 1, 2], 'filter'],
    [['a', 'like', 1], 'filter[1]'],
    [['a', 'EQ', 1], 'filter[1]'],
    [['a', '__proto__', 1], 'filter[1]'],
    [['a', 'eq', {}], 'filter[2]'],
    [['a', 'eq', [1]], 'filter[2]'],
    [['a', 'eq', Number.POSITIVE_INFINITY], 'filter[2]'],
    [['a', 'eq', new Date(0)], 'filter[2]'],
    [['a', 'eq', undefined], 'filter[2]'],
    [['a', 'in', 1], 'filter[2]'],
    [['a', 'in', [1, {}]], 'filter[2][1]'],
    [['a', 'exists', 1], 'filter[2]'],
    [['and'], 'filter'],
    [['not', ['a', 'eq', 1], ['b', 'eq', 1]], 'filter[1]'],
    [['and', ['a', 'eq', 1], 5], 'filter[2]'],
    [['or', ['a', 'eq', 1], ['not', ['b', 'eq']]], 'filter[2][1]'],
    [['/a~', 'eq', 1], 'filter[0]'],
    [['/a~2b', 'eq', 1], 'filter[0]'],
  ])('%j is refused by its place, %s', (wrong, path) => {
    const error = refusal(wrong);
    expect([error.kind, error.detail['path']]).toEqual(['bad_request', path]);
    expect(error.message.startsWith(`${path} must `)).toBe(true);
  });

  test('is refused and breaks nothing, whatever it is', () => {
    const node = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>('and', 'or', 'not', 'eq', 'in', 'exists', 'a', '/~', undefined, 1n, Symbol('s')),
        fc.anything({ withSparseArray: true, withNullPrototype: true, withBigInt: true }),
        fc.array(tie('node'), { maxLength: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(node, value, (some, of) => {
        let parsed: Filter;
        try {
          parsed = parseFilter(some);
        } catch (failure) {
          expect(failure).toBeInstanceOf(TidewallError);
          expect((failure as TidewallError).kind).toBeOneOf(['bad_request', 'limit_exceeded']);
          return;
        }
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(JSON.parse(JSON.stringify(some)));
        expect(typeof compileFilter(parsed)(of)).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });

  test('with a hole is refused like one with nothing there', () => {
    const holed: unknown[] = ['and', ['a', 'eq', 1]];
    holed[3] = ['b', 'eq', 1];
    expect(refusal(holed).detail['path']).toBe('filter[2]');
    const values: unknown[] = [1];
    values[2] = 3;
    expect(refusal(['a', 'in', values]).detail['path']).toBe('filter[2][1]');
  });
});

describe('a limit', () => {
  const nested = (depth: number): unknown => (depth === 1 ? ['a', 'eq', 1] : ['not', nested(depth - 1)]);
  const wide = (terms: number): unknown => ['or', ...Array.from({ length: terms - 1 }, () => ['a', 'eq', 1])];
  const listing = (values: number): unknown => ['a', 'in', Array.from({ length: values }, (_, i) => i)];
  const long = (length: number): unknown => ['a', 'eq', 'x'.repeat(length)];
  const longField = (length: number): unknown => ['x'.repeat(length), 'eq', 1];

  test.each([
    ['depth', nested, FILTER_LIMITS.depth],
    ['terms', wide, FILTER_LIMITS.terms],
    ['values', listing, FILTER_LIMITS.values],
    ['textLength', long, FILTER_LIMITS.textLength],
    ['textLength', longField, FILTER_LIMITS.textLength],
  ] as const)('of %s takes what is at it, and refuses what is over it by its name', (limit, make, most) => {
    expect(() => compileFilter(parseFilter(make(most)))({ a: 1 })).not.toThrow();
    const error = refusal(make(most + 1));
    expect([error.kind, error.detail['limit']]).toEqual(['limit_exceeded', `filter.${limit}`]);
  });

  test('counts terms over all branches', () => {
    const branch = ['and', ...Array.from({ length: 20 }, () => ['a', 'eq', 1])];
    expect(refusal(['or', branch, branch, branch, branch]).detail['limit']).toBe('filter.terms');
  });

  test('is found before what is over it costs anything', () => {
    let looked = 0;
    const endless = new Proxy([] as unknown[], {
      get(target, key) {
        if (typeof key === 'symbol') return Reflect.get(target, key);
        if (key === 'length') return 1e9;
        if (key === '0') return 'and';
        looked++;
        return ['a', 'eq', 1];
      },
    });
    expect(refusal(endless).detail['limit']).toBe('filter.terms');
    expect(looked).toBeLessThan(2 * FILTER_LIMITS.terms);
    expect(refusal(nested(10_000 / 4)).detail['limit']).toBe('filter.depth');
  });
});
