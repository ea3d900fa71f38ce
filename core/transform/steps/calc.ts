import { isJsonObject, type JsonObject, setOwn } from '@tidewall/base';
import type { TransformOf } from '../schema.ts';
import { overRows } from '../shape.ts';
import { compileExpression } from './expression.ts';
import type { CompileCel, RunStepNow } from './step.ts';

/**
 * The same rows with more fields. Every expression sees the row as it came, whatever the others make of it: the order of
 * names in a document means nothing. A field that is there already is replaced; what is no record is handed on.
 */
export function compileCalc({ fields }: TransformOf<'calc'>, cel: CompileCel | undefined): RunStepNow {
  const expressions = Object.entries(fields).map(
    ([name, text]) => [name, compileExpression(cel, text, `fields.${name}`)] as const,
  );
  return overRows(
    (rows, work) =>
      rows.map((row, at) => {
        if (!isJsonObject(row)) return row;
        work.charge(expressions.length * 2 + 6);
        const made: JsonObject = { ...row };
        for (const [name, expression] of expressions) setOwn(made, name, expression(row, at, work));
        return made;
      }),
    'row',
  );
}
