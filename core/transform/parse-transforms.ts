import { TidewallError } from '@tidewall/protocol';
import type { z } from 'zod';
import { type Transform, transformsSchema } from './schema.ts';
import { unknownField } from './unknown-field.ts';

/**
 * Steps that this version knows whole. A document may hold what a newer version wrote, and keeps it; but a step of which a
 * field is not understood would do something else than it says, and so is not run.
 *
 * @throws TidewallError bad_request naming the place, as in `transforms[2].fields.x`
 */
export function parseTransforms(value: unknown): Transform[] {
  const parsed = transformsSchema.safeParse(value);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    throw fault(placeOf(path), message);
  }
  const unknown = unknownField(transformsSchema, parsed.data, []);
  if (unknown !== undefined) {
    const { path, known } = unknown;
    throw fault(placeOf(path), `is no field of it; there are ${known.join(', ')}`);
  }
  return parsed.data;
}

function fault(place: string, why: string): TidewallError {
  return new TidewallError('bad_request', `${place}: ${why}`, { detail: { path: place } });
}

/** `transforms[2].fields.x` */
function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (place, part) => (typeof part === 'number' ? `${place}[${part}]` : `${place}.${String(part)}`),
    'transforms',
  );
}
