import { isJsonObject, type JsonObject } from '@tidewall/base';
import type { TopicSettings } from '@tidewall/contracts';
import { KINDS, parseTopicPattern, patternFault, TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import { createFits } from '../data-schema/fits.ts';
import { isFault } from '../data-schema/schema-fault.ts';

/** What can be said of the topics of a pattern, as it is written in a configuration or sent to the API. */
export const topicSettingsFields = {
  pattern: z
    .string()
    .check((context) => {
      const fault = faultOf(context.value);
      if (fault !== undefined) context.issues.push({ code: 'custom', input: context.value, message: fault });
    })
    .describe('MQTT-style: `+` for one part, `#` at the end for the rest'),
  kind: z.enum(KINDS).optional().describe('what they become; what their first publication says, when absent'),
  keyField: z.string().min(1).max(128).optional().describe('what identifies a row of a `table`; `id` when absent'),
  keep: z
    .strictObject({
      count: z.int().min(1).max(10_000_000).optional(),
      bytes: z
        .int()
        .min(1024)
        .max(1024 ** 4)
        .optional(),
      ageMs: z.int().min(1000).optional(),
    })
    .optional()
    .describe('how much of their past is kept; needs `kind`'),
  expectEveryMs: z.int().min(100).optional().describe('the cadence that publications are expected at'),
  schema: z
    .custom<JsonObject>(isJsonObject, { error: 'must be a JSON Schema (an object)' })
    .optional()
    .describe('JSON Schema (2020-12) of a value, a row, a point or an entry; needs `kind`'),
  retain: z.boolean().optional().describe('whether they survive a restart; true when absent'),
  readOnly: z.boolean().optional().describe('whether only a source may publish to them'),
};

const topicSettingsShape = z
  .strictObject(topicSettingsFields)
  .refine(({ keep, kind }) => keep === undefined || kind !== undefined, {
    error: 'needs kind too, since what is kept by default depends on it',
    path: ['keep'],
  })
  .refine(({ schema, kind }) => schema === undefined || kind !== undefined, {
    error: 'needs kind too, since that says what it describes: a value, a row, a point or an entry',
    path: ['schema'],
  });

/** The same, and with a schema the check that it makes. */
export const topicSettingsSchema = topicSettingsShape.transform((settings, context): TopicConfig => {
  const { schema, kind, keyField = 'id' } = settings;
  if (schema === undefined || kind === undefined) return settings;
  const fits = createFits({ kind, keyField, schema });
  if (!isFault(fits)) return { ...settings, fits };
  context.addIssue({ code: 'custom', input: schema, path: ['schema', ...fits.path], message: fits.says });
  return z.NEVER;
});

/** What is said of the topics of one pattern. */
export type TopicConfig = z.output<typeof topicSettingsShape> & { readonly fits?: TopicSettings['fits'] };

function faultOf(pattern: string): string | undefined {
  const fault = patternFault(pattern);
  if (fault !== undefined) return fault;
  try {
    parseTopicPattern(pattern);
    return undefined;
  } catch (failure) {
    if (!(failure instanceof TidewallError)) throw failure;
    return 'has a part that no topic can have: a part may hold letters, digits and . _ ~ : @ = , $ -';
  }
}
