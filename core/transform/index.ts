export { type CompiledTransforms, compileSteps, needNothing } from './compile-steps.ts';
export { CEL_LIMITS, TRANSFORM_LIMITS } from './limits.ts';
export { valueAt } from './path.ts';
export type { Transform, TransformOf } from './schema.ts';
export type { CelProgram, CompileCel, Sandbox, TransformServices } from './steps/step.ts';
export { applyTransforms } from './transform.ts';
export { Work } from './work.ts';
