import type { JsonValue } from '@tidewall/base';
import { compileSteps, needNothing, type Transform } from '@tidewall/transform';

/** Data through the transforms of a source. @throws TidewallError naming the step and the row that cannot be */
export type Steps = (data: JsonValue) => JsonValue;

/**
 * The steps of a source, ready to run in a page: CEL comes along where one of them needs it.
 *
 * @throws TidewallError bad_request naming a step that only the server can run
 */
export async function fetchSteps(transforms: readonly Transform[]): Promise<Steps> {
  if (transforms.length === 0) return (data) => data;
  if (needNothing(transforms)) return compileSteps(transforms) as Steps;
  const { compileCel } = await import('@tidewall/transform/cel');
  // Without a sandbox nothing has to be waited for.
  return compileSteps(transforms, { cel: compileCel }) as Steps;
}
