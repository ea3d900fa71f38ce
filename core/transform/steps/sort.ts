import { compareKeys, sortKey } from '../order.ts';
import { pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { overRows } from '../shape.ts';
import type { RunStepNow } from './step.ts';

/**
 * Numbers by size, then everything else by the UTF-16 code units of its text; rows without the field last in both
 * directions; equal rows keep their order.
 */
export function compileSort({ by, descending = false }: TransformOf<'sort'>): RunStepNow {
  const keys = (Array.isArray(by) ? by : [by]).map((key) =>
    typeof key === 'string'
      ? { read: pathReader(key), descending }
      : { read: pathReader(key.field), descending: key.descending ?? descending },
  );
  return overRows((rows, work) => {
    work.charge(rows.length * keys.length * Math.ceil(Math.log2(rows.length + 2)));
    return rows
      .map((row) => ({ row, values: keys.map(({ read }) => sortKey(read(row))) }))
      .sort((a, b) => {
        for (let at = 0; at < keys.length; at++) {
          const order = compareKeys(a.values[at], b.values[at], keys[at]?.descending ?? false);
          if (order !== 0) return order;
        }
        return 0;
      })
      .map(({ row }) => row);
  }, 'skip');
}
