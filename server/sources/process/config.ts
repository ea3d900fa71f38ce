import { z } from 'zod';
import { topicField } from '../fields.ts';

/** Configuration of a source of kind `process`. */
export const processConfigSchema = z
  .strictObject({
    /** The program and its arguments, as they are: no shell reads them. */
    command: z.tuple([z.string().min(1, 'must name a program')], z.string()),
    /** The topic that its lines go to; the source's name when absent. */
    topic: topicField.optional(),
    /** How a line of its standard output is read. The first line of `csv` names the columns. */
    parse: z.enum(['json', 'csv', 'text']).default('text'),
    topicKind: z.enum(['log', 'state', 'series', 'table']).default('log'),
    /** The field that identifies a row of a `table`. */
    keyField: z.string().min(1).optional(),
    /** Where it runs; a relative path starts at the folder of the configuration, which is also the default. */
    cwd: z.string().min(1).optional(),
    /** Its environment, besides the few variables that any program needs. */
    env: z.record(z.string(), z.string()).default({}),
    /** The cadence that its lines are expected at. */
    expectEveryMs: z.number().int().min(20).optional(),
  })
  .superRefine((config, context) => {
    const rows = config.topicKind === 'series' || config.topicKind === 'table';
    if (rows && config.parse === 'text') {
      context.addIssue({
        code: 'custom',
        path: ['parse'],
        message: `must be json or csv when topicKind is ${config.topicKind}`,
      });
    }
    if (config.topicKind === 'table' && config.keyField === undefined) {
      context.addIssue({ code: 'custom', path: ['keyField'], message: 'must be given when topicKind is table' });
    }
  });

export type ProcessConfig = z.infer<typeof processConfigSchema>;
