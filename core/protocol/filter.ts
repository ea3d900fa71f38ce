import { isJsonObject, type JsonValue } from '@tidewall/base';
import { TidewallError } from './error.ts';

export type Scalar = string | number | boolean | null;

const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
type Comparison = (typeof COMPARISONS)[number];

/**
 * Which rows, entries or values a subscriber wants. A field is the name of a member, or a JSON Pointer (RFC 6901) when
 * it starts with `/`. A field that is not there equals nothing and is neither less nor greater than anything; `ne` is
 * true of it. Numbers are compared with numbers and strings with strings, by UTF-16 units; nothing is converted.
 */
export type Filter =
  | readonly [field: string, comparison: Comparison, value: Scalar]
  | readonly [field: string, 'in', readonly Scalar[]]
  | readonly [field: string, 'exists', boolean]
  | Junction;

/** `["and", …]` and `["or", …]` of any number of filters, `["not", …]` of one. */
export interface Junction extends ReadonlyArray<'and' | 'or' | 'not' | Filter> {}

/** How deep filters may nest, how many terms one may have, and how many values one `in` may list. */
export const FILTER_LIMITS = { depth: 8, terms: 64, values: 256, textLength: 1024 } as const;

/**
 * The filter that a client sent.
 *
 * @throws TidewallError bad_request with the place, or limit_exceeded naming the limit
 */
export function parseFilter(value: unknown): Filter {
  let terms = 0;

  function parse(node: unknown, path: string, depth: number): Filter {
    if (depth > FILTER_LIMITS.depth) throw over('depth', `nests deeper than ${FILTER_LIMITS.depth}`);
    if (++terms > FILTER_LIMITS.terms) throw over('terms', `has more than ${FILTER_LIMITS.terms} terms`);
    if (!Array.isArray(node)) throw wrong(path, 'must be a list like ["site","eq","sh"]');
    const [head, second, third] = node as unknown[];
    if (typeof head !== 'string') throw wrong(`${path}[0]`, 'must be a field or one of and, or, not');
    // A field may be called "and": what follows a junction is a list, what follows a field is a word.
    if (head === 'not' && Array.isArray(second) && node.length === 2) {
      return ['not', parse(second, `${path}[1]`, depth + 1)];
    }
    if ((head === 'and' || head === 'or') && Array.isArray(second)) {
      const parts: Filter[] = [];
      for (let i = 1; i < node.length; i++) parts.push(parse(node[i], `${path}[${i}]`, depth + 1));
      return [head, ...parts];
    }
    if (head.length > FILTER_LIMITS.textLength) throw over('textLength', 'names a field that is too long');
    if (head.startsWith('/') && /~(?![01])/.test(head)) throw wrong(`${path}[0]`, 'must have ~0 for ~ and ~1 for /');
    if (node.length !== 3) throw wrong(path, 'must be [field, comparison, value]');
    if (second === 'exists') {
      if (typeof third !== 'boolean') throw wrong(`${path}[2]`, 'must be true or false');
      return [head, 'exists', third];
    }
    if (second === 'in') {
      if (!Array.isArray(third)) throw wrong(`${path}[2]`, 'must be a list of values');
      if (third.length > FILTER_LIMITS.values) throw over('values', `lists more than ${FILTER_LIMITS.values} values`);
      return [head, 'in', Array.from(third, (one, index) => scalar(one, `${path}[2][${index}]`))];
    }
    if (!(COMPARISONS as readonly unknown[]).includes(second)) {
      throw wrong(`${path}[1]`, `must be one of ${COMPARISONS.join(', ')}, in, exists`);
    }
    return [head, second as Comparison, scalar(third, `${path}[2]`)];
  }

  return parse(value, '', 1);
}

function scalar(value: unknown, path: string): Scalar {
  const fits =
    value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value as number);
  if (!fits) throw wrong(path, 'must be a string, a number, true, false or null');
  if (typeof value === 'string' && value.length > FILTER_LIMITS.textLength) {
    throw over('textLength', `has a value longer than ${FILTER_LIMITS.textLength}`);
  }
  return value as Scalar;
}

function wrong(path: string, must: string): TidewallError {
  return new TidewallError('bad_request', `filter${path} ${must}`, { detail: { path: `filter${path}` } });
}

function over(limit: keyof typeof FILTER_LIMITS, what: string): TidewallError {
  return new TidewallError('limit_exceeded', `the filter ${what}`, { detail: { limit: `filter.${limit}` } });
}

/** Whether a value passes; what is no object has no fields. */
export type FilterTest = (value: JsonValue) => boolean;

/** A filter as a function; it costs a few look-ups a value and never throws. */
export function compileFilter(filter: Filter): FilterTest {
  const [head, second, third] = filter as readonly [string, unknown, unknown];
  if (head === 'not' && Array.isArray(second)) {
    const inner = compileFilter(second as Filter);
    return (value) => !inner(value);
  }
  if (head === 'and' && Array.isArray(second)) {
    const parts = (filter.slice(1) as Filter[]).map(compileFilter);
    return (value) => parts.every((part) => part(value));
  }
  if (head === 'or' && Array.isArray(second)) {
    const parts = (filter.slice(1) as Filter[]).map(compileFilter);
    return (value) => parts.some((part) => part(value));
  }
  const read = reader(head);
  return comparer(second as Comparison | 'in' | 'exists', third, read);
}

type Read = (value: JsonValue) => JsonValue | undefined;

function comparer(comparison: Comparison | 'in' | 'exists', wanted: unknown, read: Read): FilterTest {
  switch (comparison) {
    case 'eq':
      return (value) => read(value) === wanted;
    case 'ne':
      return (value) => read(value) !== wanted;
    case 'in': {
      const values = new Set(wanted as readonly unknown[]);
      return (value) => values.has(read(value));
    }
    case 'exists':
      return (value) => (read(value) !== undefined) === wanted;
    default: {
      const holds = ORDER[comparison];
      return (value) => {
        const found = read(value);
        const comparable = typeof found === typeof wanted && (typeof found === 'number' || typeof found === 'string');
        return comparable && holds(found as number, wanted as number);
      };
    }
  }
}

const ORDER = {
  lt: (a: number, b: number) => a < b,
  le: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
};

function reader(field: string): Read {
  if (!field.startsWith('/')) return (value) => member(value, field);
  const names = field
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return (value) => {
    let found: JsonValue | undefined = value;
    for (const name of names) {
      found = Array.isArray(found) ? found[indexOf(name)] : member(found, name);
      if (found === undefined) return undefined;
    }
    return found;
  };
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function indexOf(name: string): number {
  return /^(0|[1-9]\d{0,9})$/.test(name) ? Number(name) : -1;
}
