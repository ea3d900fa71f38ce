import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { badStep } from '../faults.ts';
import { TRANSFORM_LIMITS } from '../limits.ts';
import type { TransformOf } from '../schema.ts';
import { isColumns, overRows, rowsOf, tooManyRows } from '../shape.ts';
import type { RunStepNow } from './step.ts';

/** A row of a name and a value for each field of each row, with the fields that are kept. Columns become rows by it. */
export function compileUnpivot({ keep, fields, name, value }: TransformOf<'unpivot'>): RunStepNow {
  const [kept, nameField, valueField] = [keep ?? [], name ?? 'name', value ?? 'value'];
  if (nameField === valueField) throw badStep('value', `"${nameField}" is the field of the name already`);
  for (const made of [nameField, valueField]) {
    if (kept.includes(made)) throw badStep('keep', `"${made}" is a field that is made: call that one otherwise`);
  }
  const ofRows = overRows((rows, work) => {
    const made: JsonValue[] = [];
    for (const row of rows) {
      if (!isJsonObject(row)) continue;
      const names = fields ?? Object.keys(row).filter((one) => !kept.includes(one));
      work.charge(names.length * (kept.length + 8));
      for (const one of names) {
        if (!Object.hasOwn(row, one)) continue;
        const next: JsonObject = {};
        for (const field of kept) if (Object.hasOwn(row, field)) setOwn(next, field, row[field]);
        setOwn(next, nameField, one);
        setOwn(next, valueField, row[one]);
        made.push(next);
        if (made.length > TRANSFORM_LIMITS.rows) throw tooManyRows(made.length);
      }
    }
    return made;
  }, 'list');
  // Each time comes several times now, so that these would be no columns that anybody can draw.
  return (data, work) => ofRows(isColumns(data) ? rowsOf(data, work) : data, work);
}
