import { z } from 'zod';
import { topicField } from '../fields.ts';

const common = {
  /** The same seed makes the same data. */
  seed: z.number().int().min(0).max(0xffffffff).default(1),
  everyMs: z.number().int().min(20).max(3_600_000).default(1_000),
};

const single = {
  ...common,
  /** The topic; the source's name when absent. */
  topic: topicField.optional(),
};

const chance = z.number().min(0).max(1);
const decimals = z.number().int().min(0).max(9);

const fieldSchema = z.strictObject({
  base: z.number(),
  /** Growth an hour, from when the server started. */
  trend: z.number().default(0),
  /** A wave around the base. */
  season: z.strictObject({ amplitude: z.number(), periodMs: z.number().positive() }).optional(),
  /** Standard deviation of what is added by chance. */
  noise: z.number().min(0).default(0),
  /** `chance` for each point that `size` is added to it. */
  spikes: z.strictObject({ chance, size: z.number() }).optional(),
  /** `chance` for each stretch of `durationMs` that its points are null. */
  faults: z.strictObject({ chance, durationMs: z.number().positive() }).optional(),
  decimals: decimals.default(2),
});

const seriesSchema = z.strictObject({
  shape: z.literal('series'),
  ...single,
  fields: z
    .record(z.string().min(1), fieldSchema)
    .refine((fields) => Object.keys(fields).length > 0 && Object.keys(fields).length <= 64, 'must be 1 to 64 fields')
    .refine((fields) => !Object.hasOwn(fields, 't'), 'must not have a field "t", which is the time'),
  /** Points before the first, so that a chart is full at once. */
  backfill: z.number().int().min(0).max(3_600).default(120),
});

const walk = {
  min: z.number().default(0),
  max: z.number().default(100),
  /** The largest change from one tick to the next; a fiftieth of the range when absent. */
  step: z.number().positive().optional(),
  decimals: decimals.default(1),
};

const valueSchema = z.strictObject({
  shape: z.literal('value'),
  ...single,
  ...walk,
  label: z.string().optional(),
  unit: z.string().optional(),
  target: z.number().optional(),
});

const rowsSchema = z.strictObject({
  shape: z.literal('rows'),
  ...single,
  ...walk,
  /** A row each. */
  names: z
    .array(z.string().min(1))
    .min(1)
    .max(1_000)
    .refine((names) => new Set(names).size === names.length, 'must not name a row twice'),
});

const shopSchema = z.strictObject({
  shape: z.literal('shop'),
  ...common,
  /** How often new orders are looked for; totals follow once a second. */
  everyMs: z.number().int().min(20).max(1_000).default(200),
  /** Where the shop's day begins: minutes east of Greenwich, in Beijing 480. */
  utcOffsetMinutes: z.number().int().min(-840).max(840).default(480),
});

/** Configuration of a source of kind `generator`. */
export const generatorConfigSchema = z
  .discriminatedUnion('shape', [seriesSchema, valueSchema, rowsSchema, shopSchema], {
    error: 'must be series, value, rows or shop',
  })
  .superRefine((config, context) => {
    if ((config.shape === 'value' || config.shape === 'rows') && config.min >= config.max) {
      context.addIssue({ code: 'custom', path: ['max'], message: `must be above min, which is ${config.min}` });
    }
  });

export type GeneratorConfig = z.infer<typeof generatorConfigSchema>;
export type SeriesConfig = z.infer<typeof seriesSchema>;
export type FieldConfig = z.infer<typeof fieldSchema>;
export type ValueConfig = z.infer<typeof valueSchema>;
export type RowsConfig = z.infer<typeof rowsSchema>;
export type ShopConfig = z.infer<typeof shopSchema>;
