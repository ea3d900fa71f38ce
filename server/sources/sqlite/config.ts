import { z } from 'zod';
import { outputFields } from '../output.ts';
import { checkPolling, pollingFields } from '../polling.ts';
import { checkQuery, queryFields } from '../sql/query-fields.ts';
import { parseStatement } from '../sql/statement/parse-statement.ts';
import { SQLITE_SYNTAX } from '../sql/statement/syntax.ts';
import { timeZoneField } from '../sql/values/time-zone.ts';

/** Configuration of a source of kind `sqlite`. */
export const sqliteConfigSchema = z
  .strictObject({
    path: z.string().min(1).describe('the file; a relative path starts at the folder of the configuration'),
    timezone: timeZoneField,
    ...queryFields,
    ...outputFields(['table', 'state', 'series', 'log'], 'table'),
    ...pollingFields,
  })
  .superRefine((config, context) => {
    checkPolling(config, context);
    checkQuery(config, context);
    try {
      parseStatement(config.query, SQLITE_SYNTAX);
    } catch (failure) {
      context.addIssue({ code: 'custom', path: ['query'], message: (failure as Error).message });
    }
  });

export type SqliteConfig = z.output<typeof sqliteConfigSchema>;
