import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Work } from '../work.ts';
import { badValue, checkItems, checkText, memberOf, numberMade, same, shown } from './values.ts';

/** An operator between two values that have been worked out. */
export type Operator = (left: JsonValue, right: JsonValue, work: Work) => JsonValue;

/**
 * The operators of CEL on JSON. All numbers are doubles: 7 / 2 is 3.5. Arithmetic with null is null. What is not of one
 * kind is neither less nor greater, as in filters; nothing is converted.
 */
export const OPERATORS: { readonly [name: string]: Operator } = {
  '+': add,
  '-': arithmetic('-', (a, b) => a - b),
  '*': arithmetic('*', (a, b) => a * b),
  '/': arithmetic('/', (a, b) => a / b),
  '%': arithmetic('%', (a, b) => a % b),
  '==': (a, b, work) => same(a, b, work),
  '!=': (a, b, work) => !same(a, b, work),
  '<': comparison((a, b) => a < b),
  '<=': comparison((a, b) => a <= b),
  '>': comparison((a, b) => a > b),
  '>=': comparison((a, b) => a >= b),
  in: contains,
};

function add(left: JsonValue, right: JsonValue, work: Work): JsonValue {
  if (typeof left === 'number' && typeof right === 'number') return numberMade(left + right);
  if (left === null || right === null) return null;
  if (typeof left === 'string' && typeof right === 'string') {
    checkText(left.length + right.length, work);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    checkItems(left.length + right.length, work);
    return [...left, ...right];
  }
  throw badValue(`+ takes two numbers, two texts or two lists, got ${shown(left)} and ${shown(right)}; see string()`);
}

function arithmetic(name: string, calculate: (a: number, b: number) => number): Operator {
  return (left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return numberMade(calculate(left, right));
    if (left === null || right === null) return null;
    throw badValue(`${name} takes numbers, got ${shown(left)} and ${shown(right)}; see double()`);
  };
}

function comparison(holds: (a: number, b: number) => boolean): Operator {
  return (left, right, work) => {
    if (typeof left !== typeof right || left === null || typeof left === 'object') return false;
    if (typeof left === 'string') work.charge(Math.min(left.length, (right as string).length) >> 4);
    return holds(left as number, right as number);
  };
}

function contains(item: JsonValue, container: JsonValue, work: Work): JsonValue {
  if (container === null) return false;
  if (Array.isArray(container)) {
    work.charge(container.length);
    return container.some((one) => same(item, one, work));
  }
  if (isJsonObject(container)) return typeof item === 'string' && Object.hasOwn(container, item);
  throw badValue(`in takes a list or a map on its right, got ${shown(container)}`);
}

/** `list[2]` and `map["name"]`; null when there is no such thing. */
export function itemAt(value: JsonValue, key: JsonValue): JsonValue {
  if (Array.isArray(value)) return (typeof key === 'number' ? value[key] : undefined) ?? null;
  return typeof key === 'string' ? memberOf(value, key) : null;
}

/** `-value`, and null of null. */
export function negative(value: JsonValue): JsonValue {
  if (value === null) return null;
  if (typeof value !== 'number') throw badValue(`- takes a number, got ${shown(value)}`);
  return -value;
}
