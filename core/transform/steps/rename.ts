import { isJsonObject, type JsonObject, setOwn } from '@tidewall/base';
import { badStep } from '../faults.ts';
import type { TransformOf } from '../schema.ts';
import { isColumns, overRows } from '../shape.ts';
import type { RunStepNow } from './step.ts';

/**
 * The same rows under other names, each field in its place. A field that stands in the way of a new name goes. All
 * names change at once, so that two can be exchanged.
 *
 * @throws TidewallError bad_request when two fields would get one name
 */
export function compileRename({ names }: TransformOf<'rename'>): RunStepNow {
  const next = new Map(Object.entries(names));
  const taken = new Set<string>();
  for (const [old, name] of next) {
    if (taken.has(name)) throw badStep(`names.${old}`, `"${name}" is the new name of another field too`);
    taken.add(name);
  }
  const renamed = (row: JsonObject): JsonObject => {
    const made: JsonObject = {};
    const given = new Set(Object.keys(row).flatMap((old) => next.get(old) ?? []));
    for (const old of Object.keys(row)) {
      const name = next.get(old);
      if (name !== undefined) setOwn(made, name, row[old]);
      else if (!given.has(old)) setOwn(made, old, row[old]);
    }
    return made;
  };
  const ofRows = overRows((rows, work) => {
    work.charge(rows.length * 12);
    return rows.map((row) => (isJsonObject(row) ? renamed(row) : row));
  }, 'row');
  return (data, work) => (isColumns(data) ? renamed(data) : ofRows(data, work));
}
