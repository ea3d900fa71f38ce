import { type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { createAggregate } from '../aggregate.ts';
import { badStep } from '../faults.ts';
import { groupKey } from '../group-key.ts';
import { compareKeys } from '../order.ts';
import { nameOfPath, pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { overRows } from '../shape.ts';
import { groupNames } from './group.ts';
import type { RunStepNow } from './step.ts';

/**
 * The rows with the largest numbers, in that order, of each group; rows that are equal keep theirs, and rows without a
 * number come last. With `others` the rest is one more row: its name, its group, and the sum, so that the total stays
 * what it was. Where nothing is left over there is no such row.
 *
 * @throws TidewallError bad_request when the row of the others cannot have its fields
 */
export function compileTopN({ count, by, order, per, others }: TransformOf<'topN'>): RunStepNow {
  const read = pathReader(by);
  const perPaths = per ?? [];
  const names = groupNames(perPaths);
  const keys = perPaths.map(pathReader);
  const descending = order !== 'smallest';
  const rest = restOf(others);
  if (rest !== undefined) {
    for (const path of [by, ...perPaths]) {
      if (path === '' || path.includes('.'))
        throw badStep('others', `needs fields of the row itself, and "${path}" is none: map it first`);
    }
    if (rest.field === by || names.includes(rest.field))
      throw badStep('others.field', `"${rest.field}" is taken already`);
  }
  const numberOf = (row: JsonValue): number | null => {
    const value = read(row);
    return typeof value === 'number' ? value : null;
  };
  return overRows((rows, work) => {
    work.charge(rows.length * (keys.length + 4 + Math.ceil(Math.log2(rows.length + 2))));
    const groups = new Map<string, { values: JsonValue[]; rows: { row: JsonValue; value: number | null }[] }>();
    for (const row of rows) {
      const values = keys.map((readKey) => readKey(row) ?? null);
      const key = groupKey(values);
      const group = groups.get(key) ?? { values, rows: [] };
      group.rows.push({ row, value: numberOf(row) });
      groups.set(key, group);
    }
    return [...groups.values()].flatMap((group) => {
      const sorted = group.rows.sort((a, b) => compareKeys(a.value, b.value, descending));
      const kept = sorted.slice(0, count).map(({ row }) => row);
      const left = sorted.slice(count);
      if (rest === undefined || left.length === 0) return kept;
      const sum = createAggregate('sum');
      for (const { value } of left) sum.add(value);
      const row: JsonObject = {};
      names.forEach((name, at) => {
        setOwn(row, name, group.values[at]);
      });
      setOwn(row, rest.field, rest.name);
      setOwn(row, nameOfPath(by), sum.value());
      kept.push(row);
      return kept;
    });
  }, 'skip');
}

function restOf(others: TransformOf<'topN'>['others'] | undefined): { field: string; name: string } | undefined {
  if (others === undefined || others === false) return undefined;
  if (others === true) return { field: 'name', name: 'Others' };
  return { field: others.field ?? 'name', name: others.name ?? 'Others' };
}
