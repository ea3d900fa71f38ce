import { compileCel } from './cel/index.ts';
import { type CompiledTransforms, compileSteps } from './compile-steps.ts';
import { parseTransforms } from './parse-transforms.ts';
import type { TransformServices } from './steps/step.ts';

export type { CompiledTransforms } from './compile-steps.ts';
export type { Sandbox, TransformServices } from './steps/step.ts';

/**
 * A pipeline as it stands in a document, checked and ready to run; the promise comes only where a step runs in the sandbox.
 * CEL and the schemas come along, which weigh too much for a page: see `compileSteps` for one.
 *
 * @param steps what a stranger wrote; parsed here
 * @throws TidewallError bad_request naming the step and the field, as in `transforms[2].fields.x`, and the cure
 */
export function compileTransforms(steps: unknown, services: TransformServices = {}): CompiledTransforms {
  return compileSteps(parseTransforms(steps), { ...services, cel: services.cel ?? compileCel });
}
