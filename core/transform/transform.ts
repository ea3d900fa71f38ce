import type { JsonValue } from '@tidewall/base';
import { compileSteps } from './compile-steps.ts';
import type { Transform } from './schema.ts';

/**
 * Data through a pipeline, each step on what the one before made; the input is not changed.
 *
 * For steps that need nothing but the data; see `needNothing`. A step works on a list of rows, on columns, or on one row,
 * and one that means nothing for what it gets (sorting a number) hands it on unchanged.
 *
 * @throws TidewallError naming the step, the field and the row that cannot be
 */
export function applyTransforms(data: JsonValue, transforms: readonly Transform[]): JsonValue {
  return compileSteps(transforms)(data) as JsonValue;
}
