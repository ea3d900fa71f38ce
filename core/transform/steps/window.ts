import { isJsonObject, type JsonObject, setOwn } from '@tidewall/base';
import { badRow } from '../faults.ts';
import { groupKey } from '../group-key.ts';
import { pathReader } from '../path.ts';
import type { TransformOf } from '../schema.ts';
import { overRows } from '../shape.ts';
import type { RunStepNow } from './step.ts';
import { planWindowField, type WindowField } from './window-field.ts';

interface Partition {
  readonly fields: readonly WindowField[];
  rows: number;
  lastTime: number;
}

/**
 * The same rows in the same order, with fields that look back over the rows of their group. Where time counts, it may
 * stand still but not go back, and a row without one has null and is in no window.
 *
 * @throws TidewallError shape_mismatch naming the first row whose time goes back
 */
export function compileWindow({ by, time, fields }: TransformOf<'window'>): RunStepNow {
  const keys = (by ?? []).map(pathReader);
  const readTime = pathReader(time ?? 't');
  const plans = Object.entries(fields).map(([name, field]) => ({
    name,
    read: pathReader(field.field ?? ''),
    plan: planWindowField(field, `fields.${name}`),
  }));
  const needsTime = plans.some(({ plan }) => plan.needsTime);
  return overRows((rows, work) => {
    work.charge(rows.length * (keys.length + plans.length * 16 + 8));
    const partitions = new Map<string, Partition>();
    return rows.map((row, at) => {
      if (!isJsonObject(row)) return row;
      const key = groupKey(keys.map((read) => read(row)));
      let partition = partitions.get(key);
      if (partition === undefined) {
        partition = { fields: plans.map(({ plan }) => plan.start()), rows: 0, lastTime: Number.NEGATIVE_INFINITY };
        partitions.set(key, partition);
      }
      const found = needsTime ? readTime(row) : undefined;
      const now = typeof found === 'number' ? found : undefined;
      if (now !== undefined && now < partition.lastTime) {
        throw badRow('time', at, `goes back from ${partition.lastTime} to ${now}: sort by it first`);
      }
      partition.lastTime = now ?? partition.lastTime;
      const index = partition.rows++;
      const made: JsonObject = { ...row };
      for (let i = 0; i < plans.length; i++) {
        const plan = plans[i];
        const field = partition.fields[i];
        if (plan && field) setOwn(made, plan.name, field({ index, value: plan.read(row), time: now }));
      }
      return made;
    });
  }, 'list');
}
