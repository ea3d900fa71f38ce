import { TidewallError } from '@tidewall/protocol';
import { badRow, badStep } from '../faults.ts';
import type { CelProgram, CompileCel } from './step.ts';

/** A CEL expression of a step, as `(row, at, work) => value`, whose failures name its path and the row. */
export type Expression = (
  row: Parameters<CelProgram>[0],
  at: number,
  work: Parameters<CelProgram>[1],
) => ReturnType<CelProgram>;

/**
 * The expression at a path of a step.
 *
 * @throws TidewallError bad_request when it is none, or there is no CEL here
 */
export function compileExpression(cel: CompileCel | undefined, text: string, path: string): Expression {
  if (cel === undefined) throw badStep(path, 'needs CEL, which was not loaded here');
  const program = compileAt(cel, text, path);
  return (row, at, work) => {
    try {
      return program(row, work);
    } catch (failure) {
      if (failure instanceof TidewallError && failure.kind === 'shape_mismatch')
        throw badRow(path, at, failure.message);
      throw failure;
    }
  };
}

function compileAt(cel: CompileCel, text: string, path: string): CelProgram {
  try {
    return cel(text);
  } catch (failure) {
    if (failure instanceof TidewallError) throw badStep(path, failure.message);
    throw failure;
  }
}
