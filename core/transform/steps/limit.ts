import type { TransformOf } from '../schema.ts';
import { isColumns, overRows } from '../shape.ts';
import type { RunStepNow } from './step.ts';

/** So many rows from either end. */
export function compileLimit({ count, from }: TransformOf<'limit'>): RunStepNow {
  const take = <Item>(items: readonly Item[]): Item[] => {
    if (from === 'end') return count === 0 ? [] : items.slice(-count);
    return items.slice(0, count);
  };
  const ofRows = overRows(take, 'skip');
  return (data, work) => {
    if (!isColumns(data)) return ofRows(data, work);
    return Object.fromEntries(Object.entries(data).map(([name, column]) => [name, take(column)]));
  };
}
