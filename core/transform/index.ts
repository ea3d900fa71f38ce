export type { Transform } from './schema.ts';
export { applyTransforms, valueAt } from './transform.ts';
