import type { JsonObject } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import type { Pipeline } from '@tidewall/sources';
import { applyTransforms, type Transform } from '@tidewall/transform';
import { transformSchema } from '@tidewall/transform/schema';
import { pathText, wrongPlaces } from './issue-sentence.ts';

/**
 * The transforms of a source, as one step.
 *
 * @throws TidewallError bad_request naming the first thing that is wrong, as `transforms[1].fields`
 */
export function compileSteps(steps: readonly JsonObject[]): Pipeline {
  const transforms: Transform[] = steps.map((step, index) => {
    const result = transformSchema.safeParse(step);
    if (result.success) return result.data;
    const [first] = wrongPlaces(result.error.issues, step, transformSchema);
    const path = pathText(['transforms', index, ...(first?.path ?? [])]);
    throw new TidewallError('bad_request', `${path} ${first?.says ?? 'is wrong'}`, { detail: { path } });
  });
  return (data) => applyTransforms(data, transforms);
}
