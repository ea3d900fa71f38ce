import type { z } from 'zod';
import { z as zod } from 'zod';
import { nearestNames } from './nearest-name.ts';

type Issue = z.core.$ZodIssue;

/** One thing that is wrong with a value, for its author. */
export interface WrongPlace {
  /** Names of members and numbers of items, outermost first. */
  readonly path: readonly PropertyKey[];
  /** `must be at least 100, got 5`; the path goes before it. */
  readonly says: string;
}

/**
 * What a failed parse says, as sentences that name the limit and the value.
 *
 * @param schema when given, an unknown member is answered with the nearest known one
 * @param secrets members whose value must not be repeated, nor anything in it
 */
export function wrongPlaces(
  issues: readonly Issue[],
  input: unknown,
  schema?: z.core.$ZodType,
  secrets: readonly string[] = [],
): WrongPlace[] {
  return issues.flatMap((issue): WrongPlace[] => {
    const hidden = issue.path.some((step) => typeof step === 'string' && secrets.includes(step));
    if (issue.code === 'invalid_union') {
      // The alternative that went furthest is the one that was meant.
      const best = [...issue.errors].sort((a, b) => depthOf(b) - depthOf(a))[0];
      if (best === undefined || best.length === 0) {
        return [
          { path: issue.path, says: `${issue.message}${hidden ? '' : got(valueAt(input, issue.path), secrets)}` },
        ];
      }
      // With the whole path, since what is secret may be named in its first half.
      const whole = best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
      return wrongPlaces(whole, input, undefined, secrets);
    }
    if (issue.code === 'unrecognized_keys') {
      const known = schema === undefined ? [] : keysAt(schema, issue.path);
      return issue.keys.map((key) => {
        const [nearest] = nearestNames(key, known);
        const hint = nearest !== undefined ? `; did you mean "${nearest}"?` : listed('; known are ', known);
        return { path: [...issue.path, key], says: `is unknown${hint}` };
      });
    }
    const value = valueAt(input, issue.path);
    const shows = !hidden && value !== undefined;
    return [{ path: issue.path, says: `${demand(issue, value)}${shows ? got(value, secrets) : ''}` }];
  });
}

/** `sources.orders.topics[2]` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`),
    '',
  );
}

/** The value as a reader recognises it: short JSON on one line. */
export function shown(value: unknown): string {
  return shownWithout(value, []);
}

/** @param secrets members that are not shown */
function shownWithout(value: unknown, secrets: readonly string[]): string {
  if (value === undefined) return 'nothing';
  const text = jsonOf(value, secrets);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** YAML can say what JSON cannot: a list that is its own item. */
function jsonOf(value: unknown, secrets: readonly string[]): string {
  try {
    return JSON.stringify(value, (name, member) => (secrets.includes(name) ? '(secret)' : member)) ?? String(value);
  } catch {
    return 'what holds itself';
  }
}

function got(value: unknown, secrets: readonly string[]): string {
  return `, got ${shownWithout(value, secrets)}`;
}

function demand(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? `is missing: it must be ${nounOf(issue.expected)}`
        : `must be ${nounOf(issue.expected)}`;
    case 'too_small':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.pattern !== undefined && issue.format === 'regex'
        ? `must match ${issue.pattern}`
        : `must be a valid ${issue.format}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_key':
      return `has a name that is not allowed: ${issue.issues[0]?.message ?? issue.message}`;
    default:
      return issue.message;
  }
}

function bound(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${comparison} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  if (origin === 'array' || origin === 'set') return `have ${comparison} ${limit} ${limit === 1 ? 'item' : 'items'}`;
  return `be ${comparison} ${limit}`;
}

function nounOf(expected: string): string {
  const nouns: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    record: 'an object',
    null: 'null',
  };
  return nouns[expected] ?? expected;
}

function listed(before: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${before}${names.join(', ')}`;
}

function depthOf(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** The member names that a schema knows at a path; none where it cannot tell. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const plain = unwrap(schema);
  if (path.length === 0) {
    if (plain instanceof zod.ZodObject) return Object.keys(plain.shape);
    if (plain instanceof zod.ZodUnion) return [...new Set(plain.options.flatMap((option) => keysAt(option, [])))];
    return [];
  }
  const [step, ...rest] = path;
  if (plain instanceof zod.ZodObject) {
    const member = plain.shape[String(step)];
    return member === undefined ? [] : keysAt(member, rest);
  }
  if (plain instanceof zod.ZodRecord) return keysAt(plain.valueType, rest);
  if (plain instanceof zod.ZodArray) return keysAt(plain.element, rest);
  if (plain instanceof zod.ZodUnion) return [...new Set(plain.options.flatMap((option) => keysAt(option, path)))];
  return [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof zod.ZodDefault || schema instanceof zod.ZodPrefault || schema instanceof zod.ZodOptional) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof zod.ZodPipe) return unwrap(schema.in);
  return schema;
}
