import type { JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import fc from 'fast-check';
import { compileTransforms, type TransformServices } from './compile-transforms.ts';

/** What steps that need no sandbox make of data. */
export function run(data: JsonValue, steps: readonly object[], services: TransformServices = {}): JsonValue {
  return compileTransforms(steps, services)(data) as JsonValue;
}

/** The refusal of a pipeline, or of its run over data: `bad_request transforms[0].by: …`. */
export function refusal(steps: unknown, data?: JsonValue, services: TransformServices = {}): string {
  try {
    const pipeline = compileTransforms(steps, services);
    if (data !== undefined) pipeline(data);
  } catch (error) {
    if (error instanceof TidewallError) return `${error.kind} ${error.message}`;
    throw error;
  }
  return 'none';
}

/** Rows as sources bring them: gaps, nulls and texts among the numbers, few different values. */
export const someRows = fc.array(
  fc.record(
    {
      t: fc.integer({ min: 0, max: 50 }),
      site: fc.constantFrom('sh', 'bj', 'gz', null),
      v: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constant(null), fc.constantFrom('n/a', '7')),
      w: fc.integer({ min: 0, max: 9 }),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 30 },
) as fc.Arbitrary<JsonValue[]>;
