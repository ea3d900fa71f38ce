import { z } from 'zod';
import { outputFields } from '../output.ts';

const DAY_MS = 86_400_000;
const MOST_VARIABLES = 100;

/** Configuration of a source of kind `process`. */
export const processConfigSchema = z
  .strictObject({
    command: z
      .tuple([z.string().min(1, 'must name a program')], z.string())
      .describe('the program and its arguments, as a list: no shell reads them'),
    parse: z
      .enum(['json', 'csv', 'text'])
      .default('text')
      .describe('how a line of its standard output is read; the first line of csv names the columns'),
    ...outputFields(['log', 'state', 'series', 'table', 'signal'], 'log'),
    cwd: z
      .string()
      .min(1)
      .optional()
      .describe('where it runs; a relative path starts at the folder of the configuration, which is also the default'),
    env: z
      .record(z.string(), z.string())
      .refine((env) => Object.keys(env).length <= MOST_VARIABLES, `must be at most ${MOST_VARIABLES} variables`)
      .default({})
      .describe('its environment, beside the few variables that any program needs'),
    everyMs: z
      .int()
      .min(100)
      .max(DAY_MS)
      .optional()
      .describe('a program that ended well is started again so long after its last start; absent: it has said all'),
  })
  .superRefine((config, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { topicKind, parse, keyField } = config;
    if (parse === 'text' && (topicKind === 'series' || topicKind === 'table')) {
      complain('parse', `must be json or csv when topicKind is ${topicKind}`);
    }
    if (topicKind === 'table' && keyField === undefined) complain('keyField', 'must be given when topicKind is table');
  });

export type ProcessConfig = z.output<typeof processConfigSchema>;
