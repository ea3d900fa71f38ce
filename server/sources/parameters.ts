import type { ParameterValue } from '@tidewall/protocol';
import { MOST_PARAMETER_CHARACTERS } from '@tidewall/request';
import { z } from 'zod';

const MOST_PARAMETERS = 20;

const value = z.union([z.string().max(MOST_PARAMETER_CHARACTERS), z.number(), z.boolean()]);

/** What a viewer may choose, by name: `:name` in a query stands for it. */
export const parametersField = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/, 'a parameter is named by letters, digits and _, a letter first'),
    z
      .strictObject({
        type: z.enum(['text', 'number', 'boolean']).default('text'),
        value: value.describe('what it is when nobody chooses'),
        oneOf: z
          .array(value)
          .min(1)
          .max(1000)
          .optional()
          .describe('what may be chosen; anything of its type when absent'),
      })
      .superRefine((parameter, context) => {
        const { type, value: standard, oneOf } = parameter;
        const wrong = [standard, ...(oneOf ?? [])].find((each) => typeOf(each) !== type);
        if (wrong !== undefined) {
          context.addIssue({ code: 'custom', path: ['value'], message: `must be a ${type}, like its type says` });
        } else if (oneOf !== undefined && !oneOf.includes(standard)) {
          context.addIssue({ code: 'custom', path: ['value'], message: 'must be one of oneOf' });
        }
      }),
  )
  .refine((parameters) => Object.keys(parameters).length <= MOST_PARAMETERS, `must be at most ${MOST_PARAMETERS}`)
  .default({})
  .describe('what a viewer may choose, by name: `:name` in a query stands for it');

function typeOf(each: ParameterValue): string {
  return typeof each === 'string' ? 'text' : typeof each;
}
