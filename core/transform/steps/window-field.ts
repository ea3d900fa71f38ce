import type { JsonValue } from '@tidewall/base';
import { finite } from '../aggregate.ts';
import { badStep } from '../faults.ts';
import type { TransformOf } from '../schema.ts';
import { type Combine, Sliding } from '../sliding.ts';

type Field = TransformOf<'window'>['fields'][string];

/** One row as a field of a window sees it. */
export interface Seen {
  /** How many rows of its group came before. */
  readonly index: number;
  readonly value: JsonValue | undefined;
  /** Undefined when the row has none. */
  readonly time: number | undefined;
}

/** One field in one group: told of each row in order, it says what the field is there. */
export type WindowField = (seen: Seen) => JsonValue;

/** A field that can be started for each group, and whether it looks at the time. */
export interface WindowPlan {
  readonly needsTime: boolean;
  start(): WindowField;
}

const COMBINE: { readonly [op: string]: Combine } = {
  sum: (a, b) => a + b,
  avg: (a, b) => a + b,
  count: (a, b) => a + b,
  min: Math.min,
  max: Math.max,
};

/** @throws TidewallError bad_request when it lacks what its operation needs, or has what that has no use for */
export function planWindowField(field: Field, path: string): WindowPlan {
  const { op, rows, ms } = field;
  const combine = COMBINE[op];
  if (field.field === undefined && op !== 'number' && op !== 'count') throw badStep(path, `${op} needs a field`);
  if (combine !== undefined) {
    if ((rows === undefined) === (ms === undefined))
      throw badStep(path, `${op} needs a window: rows or ms, one of them`);
    return { needsTime: ms !== undefined, start: () => moving(op, combine, rows, ms) };
  }
  if (ms !== undefined) throw badStep(`${path}.ms`, `${op} has no window of time`);
  if (rows !== undefined && op !== 'lag') throw badStep(`${path}.rows`, `${op} has no window of rows`);
  switch (op) {
    case 'total':
      return { needsTime: false, start: total };
    case 'difference':
      return { needsTime: false, start: () => change(false) };
    case 'rate':
      return { needsTime: true, start: () => change(true) };
    case 'lag':
      return { needsTime: false, start: () => lag(rows ?? 1) };
    default:
      return { needsTime: false, start: () => (seen) => seen.index + 1 };
  }
}

/** Only numbers are in a window, but for `count`, which takes everything that is not null. */
function moving(op: Field['op'], combine: Combine, rows: number | undefined, ms: number | undefined): WindowField {
  const window = new Sliding(combine);
  return ({ index, value, time }) => {
    const place = ms === undefined ? index : time;
    if (place === undefined) return null;
    window.dropThrough(place - (ms ?? rows ?? 1));
    if (op === 'count') {
      if (value !== undefined && value !== null) window.push(place, 1);
      return window.value() ?? 0;
    }
    if (typeof value === 'number') window.push(place, value);
    const all = window.value();
    if (all === undefined) return null;
    return finite(op === 'avg' ? all / window.size : all);
  };
}

function total(): WindowField {
  let sum: number | undefined;
  return ({ value }) => {
    if (typeof value === 'number') sum = (sum ?? 0) + value;
    return sum === undefined ? null : finite(sum);
  };
}

function change(perSecond: boolean): WindowField {
  let before: { readonly value: number; readonly time: number } | undefined;
  return ({ value, time }) => {
    if (typeof value !== 'number' || (perSecond && time === undefined)) return null;
    const last = before;
    before = { value, time: time ?? 0 };
    if (last === undefined) return null;
    // Two values at one time have no rate: the division by 0 is no number, and so null.
    return finite((value - last.value) / (perSecond ? (before.time - last.time) / 1000 : 1));
  };
}

function lag(back: number): WindowField {
  const kept: JsonValue[] = [];
  return ({ index, value }) => {
    const past = index >= back ? (kept[index % back] as JsonValue) : null;
    kept[index % back] = value ?? null;
    return past;
  };
}
