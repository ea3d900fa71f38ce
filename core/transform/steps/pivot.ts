import { type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { type Aggregate, createAggregate } from '../aggregate.ts';
import { badRow } from '../faults.ts';
import { groupKey } from '../group-key.ts';
import { TRANSFORM_LIMITS } from '../limits.ts';
import { pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { overRows, tooManyColumns } from '../shape.ts';
import { groupNames } from './group.ts';
import type { RunStepNow } from './step.ts';

/**
 * A row for each group, with a field for each value of the column; one that has no row there has no such field. Rows
 * without the column, and those in which it is null, are left out. What is no text becomes its JSON.
 */
export function compilePivot({ by, column, value, op, prefix }: TransformOf<'pivot'>): RunStepNow {
  const names = groupNames(by);
  const keys = by.map(pathReader);
  const [readColumn, readValue] = [pathReader(column), pathReader(value)];
  return overRows((rows, work) => {
    work.charge(rows.length * (keys.length + 3));
    const groups = new Map<string, { values: JsonValue[]; cells: Map<string, Aggregate> }>();
    const columns = new Set<string>();
    rows.forEach((row, at) => {
      const name = columnName(readColumn(row), prefix ?? '');
      if (name === undefined) return;
      if (names.includes(name)) {
        throw badRow('column', at, `"${name}" is a field of the row already: set a prefix`);
      }
      columns.add(name);
      if (columns.size > TRANSFORM_LIMITS.columns) throw tooManyColumns(columns.size);
      const values = keys.map((read) => read(row) ?? null);
      const key = groupKey(values);
      let group = groups.get(key);
      if (group === undefined) {
        group = { values, cells: new Map() };
        groups.set(key, group);
        work.charge(5);
      }
      let cell = group.cells.get(name);
      if (cell === undefined) {
        cell = createAggregate(op ?? 'last');
        group.cells.set(name, cell);
        work.charge(10);
      }
      cell.add(readValue(row));
    });
    return Array.from(groups.values(), ({ values, cells }) => {
      const row: JsonObject = {};
      names.forEach((name, at) => {
        setOwn(row, name, values[at]);
      });
      for (const [name, cell] of cells) setOwn(row, name, cell.value());
      return row;
    });
  }, 'list');
}

function columnName(value: JsonValue | undefined, prefix: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  return `${prefix}${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
