import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { badStep } from '../faults.ts';
import { groupKey } from '../group-key.ts';
import { TRANSFORM_LIMITS } from '../limits.ts';
import type { TransformOf } from '../schema.ts';
import { overRows, tooManyRows } from '../shape.ts';
import type { Work } from '../work.ts';
import { fillGaps } from './fill-gaps.ts';
import type { RunStepNow } from './step.ts';

/** Rows that are filled by themselves: those of one group and one category. */
interface Strand {
  /** The fields that they have in common. */
  readonly common: JsonObject;
  readonly rows: JsonObject[];
}

/**
 * The rows with those that were missing, and no empty field that could be filled. On a grid of times each row stands at
 * the multiple of `everyMs` at or before its time, the last one of several; every group has every time from the first
 * of all to the last, and the rows come by time. Without a grid they come by group, missing categories at its end.
 * What is no record, and on a grid what has no time, is left out.
 */
export function compileFill(step: TransformOf<'fill'>): RunStepNow {
  const { everyMs, categories } = step;
  const [by, time, fillWith] = [step.by ?? [], step.time ?? 't', step.with ?? 'null'];
  const keys = categories === undefined || by.includes(categories.field) ? by : [...by, categories.field];
  if (everyMs !== undefined && keys.includes(time)) throw badStep('by', `"${time}" is the time of the grid`);
  const apart = new Set([...keys, time]);

  return overRows((all, work) => {
    const rows = all.filter(isJsonObject);
    work.charge(rows.length * (keys.length + 2));
    const fields = step.fields ?? namesOf(rows, apart, work);
    const strands = strandsOf(rows, keys, by, categories);
    const cells = everyMs === undefined ? undefined : gridOf(rows, time, everyMs);
    const count = cells === undefined ? rows.length + strands.length : strands.length * cells.count;
    if (count > TRANSFORM_LIMITS.rows) throw tooManyRows(count);
    work.charge(count * (fields.length * 4 + 8));
    const filled = strands.map((strand) => {
      const made = cells === undefined ? copiesOf(strand) : onGrid(strand, cells, time);
      fillGaps(made, fields, fillWith, placesOf(made, time));
      return made;
    });
    if (cells === undefined) return filled.flat();
    return Array.from({ length: cells.count }, (_, at) => filled.map((made) => made[at] as JsonValue)).flat();
  }, 'list');
}

function namesOf(rows: readonly JsonObject[], apart: ReadonlySet<string>, work: Work): string[] {
  const names = new Set<string>();
  for (const row of rows) {
    const own = Object.keys(row);
    work.charge(own.length);
    for (const name of own) if (!apart.has(name)) names.add(name);
  }
  return [...names];
}

/** All strands there are and must be, by group in the order in which they come. */
function strandsOf(
  rows: readonly JsonObject[],
  keys: readonly string[],
  by: readonly string[],
  categories: TransformOf<'fill'>['categories'],
): Strand[] {
  const groups = new Map<string, { common: JsonObject; strands: Map<string, Strand> }>();
  for (const row of rows) {
    const groupBy = valuesOf(row, by);
    const key = groupKey(groupBy);
    let group = groups.get(key);
    if (group === undefined) {
      group = { common: recordOf(by, groupBy), strands: new Map() };
      groups.set(key, group);
    }
    const values = valuesOf(row, keys);
    const strandKey = groupKey(values);
    const strand = group.strands.get(strandKey) ?? { common: recordOf(keys, values), rows: [] };
    strand.rows.push(row);
    group.strands.set(strandKey, strand);
  }
  if (categories !== undefined) {
    // Without a group of its own the category is all there is, also of no rows at all.
    if (groups.size === 0 && by.length === 0) groups.set('', { common: {}, strands: new Map() });
    for (const { common, strands } of groups.values()) {
      for (const value of categories.values) {
        const whole = { ...common, [categories.field]: value };
        const key = groupKey(valuesOf(whole, keys));
        if (!strands.has(key)) strands.set(key, { common: recordOf(keys, valuesOf(whole, keys)), rows: [] });
      }
      if (groups.size * strands.size > TRANSFORM_LIMITS.rows) throw tooManyRows(groups.size * strands.size);
    }
  }
  return [...groups.values()].flatMap(({ strands }) => [...strands.values()]);
}

interface Grid {
  /** The first time, as a multiple of `everyMs`. */
  readonly first: number;
  readonly count: number;
  readonly everyMs: number;
}

function gridOf(rows: readonly JsonObject[], time: string, everyMs: number): Grid {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    const cell = cellOf(row, time, everyMs);
    if (cell === undefined) continue;
    first = Math.min(first, cell);
    last = Math.max(last, cell);
  }
  return { first, count: last < first ? 0 : last - first + 1, everyMs };
}

function onGrid({ common, rows }: Strand, { first, count, everyMs }: Grid, time: string): JsonObject[] {
  const made = Array.from({ length: count }, (_, at): JsonObject => {
    const row = { ...common };
    setOwn(row, time, (first + at) * everyMs);
    return row;
  });
  for (const row of rows) {
    const cell = cellOf(row, time, everyMs);
    if (cell === undefined) continue;
    const placed = { ...row };
    setOwn(placed, time, cell * everyMs);
    made[cell - first] = placed;
  }
  return made;
}

function cellOf(row: JsonObject, time: string, everyMs: number): number | undefined {
  const value = Object.hasOwn(row, time) ? row[time] : undefined;
  return typeof value === 'number' ? Math.floor(value / everyMs) : undefined;
}

function copiesOf({ common, rows }: Strand): JsonObject[] {
  return rows.length === 0 ? [{ ...common }] : rows.map((row) => ({ ...row }));
}

/** The times where all rows have one, else their numbers. */
function placesOf(rows: readonly JsonObject[], time: string): number[] {
  const times = rows.map((row) => (Object.hasOwn(row, time) ? row[time] : undefined));
  return times.every((value) => typeof value === 'number') ? (times as number[]) : rows.map((_, at) => at);
}

function valuesOf(row: JsonObject, names: readonly string[]): JsonValue[] {
  return names.map((name) => (Object.hasOwn(row, name) ? (row[name] as JsonValue) : null));
}

function recordOf(names: readonly string[], values: readonly JsonValue[]): JsonObject {
  const record: JsonObject = {};
  names.forEach((name, at) => {
    setOwn(record, name, values[at]);
  });
  return record;
}
