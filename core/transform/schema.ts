import type { JsonValue } from '@tidewall/base';
import { type Filter, parseFilter, TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { AGGREGATES } from './aggregate.ts';
import { CEL_LIMITS, TRANSFORM_LIMITS } from './limits.ts';

/*
 * The steps as they stand in a document. Objects are loose, so that what a newer version wrote survives a load and a save;
 * `compileTransforms` refuses to run what it does not know. Every field says what it is, for the form that is made of it.
 * No step may look at the order of a record's names: a document is saved with sorted keys.
 */

const json = z.custom<JsonValue>((value) => value !== undefined);
const name = z.string().min(1).max(TRANSFORM_LIMITS.nameLength);
const path = z.string().max(TRANSFORM_LIMITS.nameLength);
const celText = z.string().min(1).max(CEL_LIMITS.textLength);
const few = <Item extends z.ZodType>(item: Item) => z.array(item).max(TRANSFORM_LIMITS.fields);
const fieldsOf = <Field extends z.ZodType>(field: Field) =>
  z
    .record(z.string(), field)
    .refine(
      (fields) => Object.keys(fields).length <= TRANSFORM_LIMITS.fields,
      `at most ${TRANSFORM_LIMITS.fields} fields`,
    );

function step<const Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, about: string, shape: Shape) {
  return z
    .looseObject({
      type: z.literal(type),
      note: z.string().max(1000).optional().describe('What the step is for; it changes nothing.'),
      ...shape,
    })
    .describe(about);
}

const filterSchema = z.custom<Filter>().superRefine((value, context) => {
  try {
    parseFilter(value);
  } catch (error) {
    if (!(error instanceof TidewallError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const mapField = z.union(
  [
    z.string().describe('A path into the row: cpu.total, disk.0.used; empty: the row itself.'),
    z.looseObject({ value: json.describe('The same value in every row.') }),
    z.looseObject({ cel: celText.describe('A CEL expression over the row: value * 1.1') }),
  ],
  'must be a path, {"value": …} or {"cel": "…"}',
);

const map = step('map', 'Makes rows anew from fields of the old ones.', {
  fields: fieldsOf(mapField).describe('The new fields: each a path into the old row, a constant, or CEL.'),
});

const filter = step('filter', 'Keeps the rows that pass.', {
  where: filterSchema
    .optional()
    .describe('A filter as subscriptions have it: ["site","eq","sh"], ["and",["v","gt",3],["ok","eq",true]].'),
  cel: celText.optional().describe('Or a CEL expression that is true for the rows to keep: value > 3.'),
}).refine(({ where, cel }) => (where === undefined) !== (cel === undefined), 'must have either where or cel');

const sortKey = z.union([
  path,
  z.looseObject({
    field: path.describe('The path that is sorted by.'),
    descending: z.boolean().optional().describe('The largest first; as the step says when absent.'),
  }),
]);

const sort = step('sort', 'Puts the rows in order.', {
  by: z
    .union(
      [path, z.array(sortKey).min(1).max(8)],
      'must be a path, or 1 to 8 of paths and {"field": "…", "descending": true}',
    )
    .describe('A path, or several in the order in which they count; each may have a direction of its own.'),
  descending: z.boolean().default(false).describe('The largest first, for the paths that do not say so themselves.'),
});

const limit = step('limit', 'Keeps so many rows.', {
  count: z.number().int().min(0).describe('How many.'),
  from: z.enum(['start', 'end']).default('start').describe('The first ones, or the last ones.'),
});

const aggregate = z.looseObject({
  op: z.enum(AGGREGATES).describe('What is made of the values of the group.'),
  field: path.optional().describe('The path of the values; count without one counts rows.'),
  percent: z.number().min(0).max(100).default(95).describe('Which percentile, for percentile.'),
});

const group = step('group', 'Makes one row of all that have the same values in some fields.', {
  by: few(path).default([]).describe('The paths that make a group; none: all rows are one group.'),
  fields: fieldsOf(aggregate).describe('The fields that each group gets besides.'),
});

const pivot = step('pivot', 'Makes columns of the values of a field.', {
  by: few(path).describe('The paths that make a row.'),
  column: path.describe('The path whose values become the names of columns.'),
  value: path.describe('The path of the values that stand in them.'),
  op: z.enum(AGGREGATES).default('last').describe('What is made of several values for one place.'),
  prefix: z.string().max(TRANSFORM_LIMITS.nameLength).default('').describe('Put in front of the names of columns.'),
});

const unpivot = step('unpivot', 'Makes a row of each field: the other way round from pivot.', {
  keep: few(name).default([]).describe('Fields that stand in each of the new rows.'),
  fields: few(name).optional().describe('Fields that become rows; all that are not kept when absent.'),
  name: name.default('name').describe('What the field with the name is called.'),
  value: name.default('value').describe('What the field with the value is called.'),
});

const rename = step('rename', 'Gives fields other names.', {
  names: fieldsOf(name).describe('The new name of each old one.'),
});

const calc = step('calc', 'Adds fields that are calculated from the row as it came.', {
  fields: fieldsOf(celText).describe('A CEL expression for each new field.'),
});

const windowField = z.looseObject({
  op: z
    .enum(['sum', 'avg', 'min', 'max', 'count', 'total', 'difference', 'rate', 'lag', 'number'])
    .describe(
      'sum avg min max count: over a moving window; total: of all rows so far; difference: from the value before; rate: that for each second; lag: the value some rows before; number: 1, 2, 3 …',
    ),
  field: path.optional().describe('The path of the values; number needs none.'),
  rows: z
    .number()
    .int()
    .min(1)
    .max(TRANSFORM_LIMITS.rows)
    .optional()
    .describe('How many rows the window has, this one too; of lag, how far back.'),
  ms: z.number().positive().optional().describe('Or how much time it has, this moment too.'),
});

const window = step('window', 'Adds fields that look at the rows before.', {
  by: few(path).default([]).describe('Rows with other values in these paths have windows of their own.'),
  time: path.default('t').describe('The path of the time in ms, for ms and rate.'),
  fields: fieldsOf(windowField).describe('The fields that are added.'),
});

const topN = step('topN', 'Keeps the rows with the largest values, and sums up the rest.', {
  count: z.number().int().min(0).max(TRANSFORM_LIMITS.rows).describe('How many rows are kept.'),
  by: path.describe('The path of the values.'),
  order: z.enum(['largest', 'smallest']).default('largest').describe('Which are kept.'),
  per: few(path).default([]).describe('So many for each group that these paths make.'),
  others: z
    .union(
      [
        z.boolean(),
        z.looseObject({
          field: name.default('name').describe('The field that gets the name.'),
          name: z.string().max(TRANSFORM_LIMITS.nameLength).default('Others').describe('The name of the row.'),
        }),
      ],
      'must be true, false, or {"field": "name", "name": "Others"}',
    )
    .default(false)
    .describe('Whether one more row holds the sum of all that were not kept.'),
});

const fill = step('fill', 'Adds the rows that are missing, and fills empty fields.', {
  with: z
    .enum(['null', 'zero', 'previous', 'linear'])
    .default('null')
    .describe('What empty fields get: nothing, 0, the value before, or a straight line between their neighbours.'),
  fields: few(name).optional().describe('The fields that are filled; all but times and groups when absent.'),
  by: few(name).default([]).describe('Rows with other values in these fields are filled apart.'),
  time: name.default('t').describe('The field of the time in ms.'),
  everyMs: z
    .number()
    .positive()
    .optional()
    .describe('Puts the rows on a grid of times; absent: no rows are added for times.'),
  categories: z
    .looseObject({
      field: name.describe('The field of the category.'),
      values: z
        .array(z.union([z.string(), z.number(), z.boolean()]))
        .min(1)
        .max(1000)
        .describe('All categories there must be.'),
    })
    .optional()
    .describe('Adds a row for each category that is missing.'),
});

const join = step('join', 'Brings in fields of other rows.', {
  with: z
    .union(
      [
        z.looseObject({ rows: z.array(json).max(TRANSFORM_LIMITS.joinRows).describe('The other rows themselves.') }),
        z.looseObject({ topic: z.string().min(1).describe('The topic that holds them.') }),
      ],
      `must be {"rows": […]} with at most ${TRANSFORM_LIMITS.joinRows}, or {"topic": "…"}`,
    )
    .describe('The other rows.'),
  on: z
    .union([name, few(name).min(1), fieldsOf(name)], 'must be a field, a list of fields, or {"here": "there"}')
    .describe('The field that is the same in both, several, or the name here and the name there.'),
  kind: z
    .enum(['left', 'inner'])
    .default('left')
    .describe('left: rows without a partner stay as they are; inner: they are left out.'),
  fields: few(name).optional().describe('The fields that are brought in; all when absent.'),
  prefix: z.string().max(TRANSFORM_LIMITS.nameLength).default('').describe('Put in front of their names.'),
});

const script = step('script', 'Runs JavaScript over the data, in a sandbox of the server.', {
  code: z
    .string()
    .min(1)
    .max(TRANSFORM_LIMITS.codeLength)
    .describe('The body of a function of data: return data.filter((row) => row.ok)'),
});

const jsonata = step('jsonata', 'Runs a JSONata expression over the data, in a sandbox of the server.', {
  expression: z.string().min(1).max(TRANSFORM_LIMITS.jsonataLength).describe('The expression: $[value > 3]'),
});

export const transformSchema = z.discriminatedUnion('type', [
  map,
  filter,
  sort,
  limit,
  group,
  pivot,
  unpivot,
  rename,
  calc,
  window,
  topN,
  fill,
  join,
  script,
  jsonata,
]);

/** A whole pipeline. */
export const transformsSchema = z.array(transformSchema).max(TRANSFORM_LIMITS.steps);

/** One step of a pipeline from rows to rows. */
export type Transform = z.infer<typeof transformSchema>;

/** One step of one type. */
export type TransformOf<Type extends Transform['type']> = Extract<Transform, { type: Type }>;
