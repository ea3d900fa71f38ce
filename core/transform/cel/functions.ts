import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Work } from '../work.ts';
import { inZone, parseTime } from './times.ts';
import { badValue, checkItems, checkText, numberMade, shown, textMade } from './values.ts';

/** What a function takes: one letter an argument, optional ones after `?`; `*` is anything. */
export interface CelFunction {
  readonly takes: string;
  run(args: readonly JsonValue[], work: Work): JsonValue;
}

type Texts = readonly string[];
type Numbers = readonly number[];

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** `size(x)`. Of null all functions make null; those that look at null itself are macros or operators. */
export const FUNCTIONS: { readonly [name: string]: CelFunction } = {
  size: { takes: '*', run: ([value]) => size(value as JsonValue) },
  string: { takes: '*', run: ([value]) => text(value as JsonValue) },
  double: { takes: '*', run: ([value]) => number(value as JsonValue) },
  int: {
    takes: '*',
    run: ([value]) => {
      const made = number(value as JsonValue);
      return made === null ? null : Math.trunc(made);
    },
  },
  bool: {
    takes: '*',
    run: ([value]) => (typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : null),
  },
  timestamp: {
    takes: '*',
    run: ([value]) => (typeof value === 'number' ? value : typeof value === 'string' ? parseTime(value) : null),
  },
};

/** `math.round(x)`, as in the math extension of CEL. */
export const MATH: { readonly [name: string]: CelFunction } = {
  abs: ofNumber(Math.abs),
  ceil: ofNumber(Math.ceil),
  floor: ofNumber(Math.floor),
  // Half away from zero, as CEL has it; Math.round goes up.
  round: ofNumber((value) => Math.sign(value) * Math.round(Math.abs(value))),
  trunc: ofNumber(Math.trunc),
  sign: ofNumber(Math.sign),
  sqrt: ofNumber(Math.sqrt),
  greatest: { takes: 'n+', run: (args) => numberMade(Math.max(...(args as Numbers))) },
  least: { takes: 'n+', run: (args) => numberMade(Math.min(...(args as Numbers))) },
};

/** `text.contains("a")`: the first argument is what stands before the dot. */
export const METHODS: { readonly [name: string]: CelFunction } = {
  size: { takes: '*', run: ([value]) => size(value as JsonValue) },
  contains: ofTexts('ss', ([value = '', part = ''], work) => searched(value, part, work).includes(part)),
  startsWith: ofTexts('ss', ([value = '', part = '']) => value.startsWith(part)),
  endsWith: ofTexts('ss', ([value = '', part = '']) => value.endsWith(part)),
  indexOf: ofTexts('ss', ([value = '', part = ''], work) => searched(value, part, work).indexOf(part)),
  lowerAscii: ofTexts('s', ([value = '']) => value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  upperAscii: ofTexts('s', ([value = '']) => value.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  trim: ofTexts('s', ([value = '']) => value.trim()),
  substring: {
    takes: 'sn?n',
    run: ([value, from, to], work) =>
      textMade(
        (value as string).substring(from as number, (to as number | undefined) ?? (value as string).length),
        work,
      ),
  },
  split: {
    takes: 'ss',
    run: ([value, by], work) => {
      const parts = searched(value as string, by as string, work).split(by as string);
      checkItems(parts.length, work);
      return parts;
    },
  },
  join: { takes: 'l?s', run: ([list, by], work) => join(list as JsonValue[], (by as string | undefined) ?? '', work) },
  replace: {
    takes: 'sss',
    run: ([value, old, by], work) => {
      const parts = searched(value as string, old as string, work).split(old as string);
      checkItems(parts.length, work);
      checkText((value as string).length + (parts.length - 1) * Math.max(0, (by as string).length), work);
      return parts.join(by as string);
    },
  },
  getFullYear: ofTime((time) => time.getUTCFullYear()),
  getMonth: ofTime((time) => time.getUTCMonth()),
  getDate: ofTime((time) => time.getUTCDate()),
  getDayOfWeek: ofTime((time) => time.getUTCDay()),
  getHours: ofTime((time) => time.getUTCHours()),
  getMinutes: ofTime((time) => time.getUTCMinutes()),
  getSeconds: ofTime((time) => time.getUTCSeconds()),
  getMilliseconds: ofTime((time) => time.getUTCMilliseconds()),
};

const KINDS: { readonly [letter: string]: readonly [what: string, is: (value: JsonValue) => boolean] } = {
  s: ['a text', (value) => typeof value === 'string'],
  n: ['a number', (value) => typeof value === 'number'],
  l: ['a list', (value) => Array.isArray(value)],
  '*': ['a value', () => true],
};

/** How many arguments a function takes. */
export function arityOf({ takes }: CelFunction): { readonly least: number; readonly most: number } {
  if (takes.endsWith('+')) return { least: 1, most: 32 };
  const [needed = '', optional = ''] = takes.split('?');
  return { least: needed.length, most: needed.length + optional.length };
}

/** Calls a function; null when one of its arguments is. @throws TidewallError shape_mismatch for one it cannot take */
export function callFunction(name: string, made: CelFunction, args: readonly JsonValue[], work: Work): JsonValue {
  if (args.includes(null)) return null;
  const letters = made.takes.replace('?', '');
  args.forEach((arg, at) => {
    const [what, is] = KINDS[letters[at] === '+' ? 'n' : (letters[at] ?? letters[0] ?? '*')] ?? (KINDS['*'] as never);
    if (!is(arg)) throw badValue(`${name} takes ${what}, got ${shown(arg)}`);
    if (typeof arg === 'string') work.charge(arg.length >> 3);
  });
  return made.run(args, work);
}

function ofNumber(calculate: (value: number) => number): CelFunction {
  return { takes: 'n', run: ([value]) => numberMade(calculate(value as number)) };
}

function ofTexts(takes: string, calculate: (texts: Texts, work: Work) => JsonValue): CelFunction {
  return { takes, run: (args, work) => calculate(args as Texts, work) };
}

/** A text that is looked through for another; at the worst, every letter of one is compared with every letter of the other. */
function searched(text: string, part: string, work: Work): string {
  work.charge((text.length * part.length) / 64);
  return text;
}

function ofTime(read: (time: Date) => number): CelFunction {
  return {
    takes: 'n?s',
    run: ([ms, zone]) => numberMade(read(inZone(ms as number, (zone as string | undefined) ?? 'UTC'))),
  };
}

function size(value: JsonValue): JsonValue {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (isJsonObject(value)) return Object.keys(value).length;
  throw badValue(`size takes a text, a list or a map, got ${shown(value)}`);
}

function text(value: JsonValue): JsonValue {
  if (typeof value === 'object') throw badValue(`string takes a number, a text, true or false, got ${shown(value)}`);
  return String(value);
}

/** Text that is no number makes null, so that one "n/a" among numbers is a gap and no failure. */
function number(value: JsonValue): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > 100 || !NUMBER.test(value)) return null;
  const made = Number(value);
  return Number.isFinite(made) ? made : null;
}

function join(list: readonly JsonValue[], by: string, work: Work): JsonValue {
  let length = by.length * Math.max(0, list.length - 1);
  for (const item of list) {
    if (typeof item !== 'string') throw badValue(`join takes a list of texts, got ${shown(item)} in it`);
    length += item.length;
  }
  checkText(length, work);
  return list.join(by);
}
