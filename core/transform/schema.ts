import type { JsonValue } from '@tidewall/base';
import { z } from 'zod';

const json = z.custom<JsonValue>((value) => value !== undefined);

/** A field of the contract: a path into the row (`cpu.total`), or a constant. */
const fieldSchema = z.union([z.string(), z.looseObject({ value: json })]);

export const transformSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('map'), fields: z.record(z.string(), fieldSchema) }),
  z.looseObject({ type: z.literal('sort'), by: z.string(), descending: z.boolean().default(false) }),
  z.looseObject({
    type: z.literal('limit'),
    count: z.number().int().min(0),
    from: z.enum(['start', 'end']).default('start'),
  }),
]);

/** One step of a pipeline from rows to rows. */
export type Transform = z.infer<typeof transformSchema>;
