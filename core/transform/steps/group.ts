import { type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { type Aggregate, createAggregate } from '../aggregate.ts';
import { badStep } from '../faults.ts';
import { groupKey } from '../group-key.ts';
import { nameOfPath, pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { overRows } from '../shape.ts';
import type { RunStepNow } from './step.ts';

/**
 * A row for each group, in the order in which the groups come first: its fields, and what is made of its rows. Rows
 * without a field of the group are a group of their own, in which it is null. Of no rows there are no groups.
 *
 * @throws TidewallError bad_request when two fields would have one name
 */
export function compileGroup({ by, fields }: TransformOf<'group'>): RunStepNow {
  const paths = by ?? [];
  const names = groupNames(paths);
  const keys = paths.map(pathReader);
  const made = Object.entries(fields).map(([name, { op, field, percent }]) => {
    if (names.includes(name)) throw badStep(`fields.${name}`, `is a field of the group too: give it another name`);
    if (field === undefined && op !== 'count') throw badStep(`fields.${name}`, `${op} needs a field`);
    return {
      name,
      read: field === undefined ? () => true : pathReader(field),
      create: () => createAggregate(op, percent),
    };
  });
  return overRows((rows, work) => {
    const groups = new Map<string, { values: JsonValue[]; aggregates: Aggregate[] }>();
    work.charge(rows.length * (keys.length + made.length + 1));
    for (const row of rows) {
      const values = keys.map((read) => read(row) ?? null);
      const key = groupKey(values);
      let group = groups.get(key);
      if (group === undefined) {
        group = { values, aggregates: made.map(({ create }) => create()) };
        groups.set(key, group);
        work.charge(5 + made.length * 10);
      }
      for (let at = 0; at < made.length; at++) group.aggregates[at]?.add(made[at]?.read(row));
    }
    return Array.from(groups.values(), ({ values, aggregates }) => {
      const row: JsonObject = {};
      names.forEach((name, at) => {
        setOwn(row, name, values[at]);
      });
      made.forEach(({ name }, at) => {
        setOwn(row, name, aggregates[at]?.value());
      });
      return row;
    });
  }, 'list');
}

/**
 * What the fields are called that paths were read from.
 *
 * @throws TidewallError bad_request when two have one name
 */
export function groupNames(paths: readonly string[]): string[] {
  const names = paths.map(nameOfPath);
  names.forEach((name, at) => {
    if (names.indexOf(name) === at) return;
    throw badStep(`by[${at}]`, `makes a second field "${name}": give it another name by map first`);
  });
  return names;
}
