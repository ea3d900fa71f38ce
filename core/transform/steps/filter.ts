import type { JsonValue } from '@tidewall/base';
import { compileFilter } from '@tidewall/protocol';
import { badRow } from '../faults.ts';
import type { TransformOf } from '../schema.ts';
import { overRows } from '../shape.ts';
import type { Work } from '../work.ts';
import { compileExpression } from './expression.ts';
import type { CompileCel, RunStepNow } from './step.ts';

/** The rows that pass. A row that comes alone stays alone when it passes, and is an empty list when it does not. */
export function compileFilterStep(step: TransformOf<'filter'>, cel: CompileCel | undefined): RunStepNow {
  const passes = compileTest(step, cel);
  return overRows((rows, work) => {
    work.charge(rows.length);
    return rows.filter((row, at) => passes(row, at, work));
  }, 'row');
}

function compileTest(
  { where, cel: text }: TransformOf<'filter'>,
  cel: CompileCel | undefined,
): (row: JsonValue, at: number, work: Work) => boolean {
  if (text === undefined) return where === undefined ? () => true : compileFilter(where);
  const expression = compileExpression(cel, text, 'cel');
  return (row, at, work) => {
    const passed = expression(row, at, work);
    // A field that is missing says no, as it does in a filter of a subscription.
    if (passed === null) return false;
    if (typeof passed !== 'boolean') throw badRow('cel', at, `must be true or false, got ${JSON.stringify(passed)}`);
    return passed;
  };
}
