import { z } from 'zod';
import { topicField } from '../fields.ts';
import { isoTime } from '../wall-time.ts';

const DAY_MS = 86_400_000;
const MOST_FIELDS = 64;
const chance = z.number().min(0).max(1);
const durationMs = z
  .number()
  .positive()
  .max(365 * DAY_MS);
const decimals = z.int().min(0).max(9);

const since = z
  .string()
  .refine((text) => isoTime(text) !== undefined, 'must be a time like 2026-03-01T08:00:00Z')
  .transform((text) => {
    const { wallMs = 0, offsetMinutes = 0 } = isoTime(text) ?? {};
    return wallMs - (offsetMinutes ?? 0) * 60_000;
  });

const common = {
  seed: z.int().min(0).max(0xffffffff).default(1).describe('the same seed makes the same data'),
  everyMs: z.int().min(20).max(3_600_000).default(1_000).describe('how often'),
};

const single = {
  ...common,
  topic: topicField.optional().describe("the topic that it feeds; the source's name when absent"),
};

const fieldSchema = z.strictObject({
  base: z.number().describe('what everything else is added to'),
  trend: z.number().default(0).describe('growth an hour'),
  season: z.strictObject({ amplitude: z.number(), periodMs: durationMs }).optional().describe('a wave around it'),
  noise: z.number().min(0).default(0).describe('the standard deviation of what is added by chance'),
  spikes: z.strictObject({ chance, size: z.number() }).optional().describe('the chance that size is added, each time'),
  faults: z
    .strictObject({ chance, durationMs, as: z.enum(['null', 'stuck']).default('null') })
    .optional()
    .describe('the chance of each stretch that it is null, or stuck at what it was'),
  decimals: decimals.default(2).describe('digits behind the point'),
});

const fields = z
  .record(z.string().min(1).max(128), fieldSchema)
  .refine((each) => Object.keys(each).length <= MOST_FIELDS, `must be at most ${MOST_FIELDS} fields`);
const someFields = fields
  .refine((each) => Object.keys(each).length > 0, 'must be at least one field')
  .describe('numbers, by name');

const faulty = {
  since: z
    .union([since, z.int()])
    .optional()
    .describe('when trends started from their base: a time, or ms since 1970; when the server started when absent'),
  gaps: z
    .strictObject({ chance, durationMs })
    .optional()
    .describe('the chance of each stretch that nothing comes at all'),
};
const late = z
  .strictObject({ chance, byMs: durationMs.max(DAY_MS) })
  .optional()
  .describe('the chance of each that it comes so much later than it happened');

const seriesSchema = z.strictObject({
  shape: z.literal('series').describe('points over time'),
  ...single,
  fields: someFields.refine((each) => !Object.hasOwn(each, 't'), 'must not have a field "t", which is the time'),
  ...faulty,
  late,
  backfill: z.int().min(0).max(3_600).default(120).describe('points before the first, so that a chart is full at once'),
});

const stateSchema = z.strictObject({
  shape: z.literal('state').describe('the numbers of now'),
  ...single,
  fields: someFields,
  ...faulty,
});

const names = z
  .array(z.string().min(1).max(200))
  .min(1)
  .max(1_000)
  .refine((each) => new Set(each).size === each.length, 'must not name a row twice')
  .describe('a row each');

const tableSchema = z.strictObject({
  shape: z.literal('table').describe('rows of numbers'),
  ...single,
  names,
  keyField: z.string().min(1).max(128).default('name').describe('where a row says its name'),
  fields: someFields,
  changes: chance.default(1).describe('the chance of each row that it changes, each time'),
  ...faulty,
});

const message = z.union([
  z
    .string()
    .min(1)
    .max(1_000)
    .transform((text) => ({ text, level: undefined, weight: 1 })),
  z.strictObject({
    text: z.string().min(1).max(1_000),
    level: z.string().min(1).max(40).optional().describe('info, warn, error'),
    weight: z.number().positive().max(1_000_000).default(1).describe('how often it comes beside the others'),
  }),
]);

const MESSAGES = [
  { text: 'pump 3 started', level: 'info', weight: 6 },
  { text: 'filter 2 cleaned', level: 'info', weight: 3 },
  { text: 'pressure of line 1 is high', level: 'warn', weight: 2 },
  { text: 'line 2 stopped', level: 'error', weight: 1 },
];

const logSchema = z.strictObject({
  shape: z.literal('log').describe('events that come by chance'),
  ...single,
  perMinute: z
    .union([
      z
        .number()
        .min(0)
        .max(100_000)
        .transform((base) => fieldSchema.parse({ base })),
      fieldSchema,
    ])
    .prefault(30)
    .describe('how many on average: a number, or a field that has a trend, a season, spikes'),
  messages: z.array(message).min(1).max(1_000).prefault(MESSAGES).describe('what they say'),
  fields: fields
    .refine(
      (each) => !['t', 'text', 'level'].some((name) => Object.hasOwn(each, name)),
      'must not have t, text or level',
    )
    .default({})
    .describe('numbers of each, by name'),
  ...faulty,
  late,
  backfill: z.int().min(0).max(1_000).default(20).describe('entries before the first'),
});

const walk = {
  min: z.number().default(0).describe('never less'),
  max: z.number().default(100).describe('never more'),
  step: z
    .number()
    .positive()
    .optional()
    .describe('the largest change from one time to the next; a fiftieth of the range when absent'),
  decimals: decimals.default(1).describe('digits behind the point'),
};

const valueSchema = z.strictObject({
  shape: z.literal('value').describe('one number that wanders'),
  ...single,
  ...walk,
  label: z.string().optional().describe('what it is called'),
  unit: z.string().optional().describe('what it is measured in'),
  target: z.number().optional().describe('what it should be'),
});

const rowsSchema = z.strictObject({
  shape: z.literal('rows').describe('a number that wanders for each name'),
  ...single,
  ...walk,
  names,
});

const shopSchema = z.strictObject({
  shape: z.literal('shop').describe("the topics of the demo's shop"),
  ...common,
  everyMs: z
    .int()
    .min(20)
    .max(1_000)
    .default(200)
    .describe('how often new orders are looked for; totals follow once a second'),
  utcOffsetMinutes: z
    .int()
    .min(-840)
    .max(840)
    .default(480)
    .describe("where the shop's day begins: minutes east of Greenwich, in Beijing 480"),
});

/** Configuration of a source of kind `generator`. */
export const generatorConfigSchema = z
  .discriminatedUnion(
    'shape',
    [seriesSchema, stateSchema, tableSchema, logSchema, valueSchema, rowsSchema, shopSchema],
    { error: 'must be series, state, table, log, value, rows or shop' },
  )
  .superRefine((config, context) => {
    const complain = (path: string, says: string) => context.addIssue({ code: 'custom', path: [path], message: says });
    if ((config.shape === 'value' || config.shape === 'rows') && config.min >= config.max) {
      complain('max', `must be above min, which is ${config.min}`);
    }
    if (config.shape === 'table' && Object.hasOwn(config.fields, config.keyField)) {
      complain('fields', `must not have a field "${config.keyField}", which is the name of the row (keyField)`);
    }
  });

export type GeneratorConfig = z.output<typeof generatorConfigSchema>;
export type SeriesConfig = z.output<typeof seriesSchema>;
export type StateConfig = z.output<typeof stateSchema>;
export type TableConfig = z.output<typeof tableSchema>;
export type LogConfig = z.output<typeof logSchema>;
export type FieldConfig = z.output<typeof fieldSchema>;
export type ValueConfig = z.output<typeof valueSchema>;
export type RowsConfig = z.output<typeof rowsSchema>;
export type ShopConfig = z.output<typeof shopSchema>;
